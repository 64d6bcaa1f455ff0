#include "auth/verifier/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "base/libcrypto.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

using base::libcrypto::Bytes;
using base::libcrypto::Check;
using base::libcrypto::Deleter;
using Json = nlohmann::ordered_json;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using MdContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

constexpr size_t kIntegerBytes = 32;  // Of P-256 and of Ed25519.
constexpr int kMinRsaBits = 2048;

// SubjectPublicKeyInfo of a point of P-256, up to its coordinates.
constexpr std::string_view kP256Prefix(
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    "\x03\x42\x00\x04",
    27);

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError("not a key for access tokens: " + std::string(what));
}

std::string TextOf(const Json& jwk, const char* name) {
  const auto found = jwk.find(name);
  return found != jwk.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A member in base64url.
std::string BytesOf(const Json& jwk, const char* name) {
  return base::Base64UrlDecode(TextOf(jwk, name)).value_or(std::string());
}

Key P256Key(const Json& jwk) {
  const std::string x = BytesOf(jwk, "x");
  const std::string y = BytesOf(jwk, "y");
  if (TextOf(jwk, "crv") != "P-256" || x.size() != kIntegerBytes || y.size() != kIntegerBytes) {
    return nullptr;
  }
  const std::string der = std::string(kP256Prefix) + x + y;
  const unsigned char* in = Bytes(der);
  // Refuses what is no point of the curve.
  return Key(d2i_PUBKEY(nullptr, &in, static_cast<long>(der.size())));
}

Key Ed25519Key(const Json& jwk) {
  const std::string x = BytesOf(jwk, "x");
  if (TextOf(jwk, "crv") != "Ed25519" || x.size() != kIntegerBytes) return nullptr;
  return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(x), x.size()));
}

Number NumberOf(const std::string& bytes) {
  return Number(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

Key RsaKey(const Json& jwk) {
  const Number n = NumberOf(BytesOf(jwk, "n"));
  const Number e = NumberOf(BytesOf(jwk, "e"));
  if (BN_num_bits(n.get()) < kMinRsaBits || !BN_is_odd(e.get()) || BN_is_one(e.get())) {
    return nullptr;
  }
  const std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>> build(OSSL_PARAM_BLD_new());
  Check(OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
            OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1,
        "OSSL_PARAM_BLD");
  const std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>> params(
      OSSL_PARAM_BLD_to_param(build.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

// JOSE has r || s, libcrypto DER. Empty for another length.
std::string DerFromJose(std::string_view jose) {
  if (jose.size() != 2 * kIntegerBytes) return {};
  const Signature signature(ECDSA_SIG_new());
  Check(signature != nullptr, "ECDSA_SIG_new");
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(Bytes(jose), kIntegerBytes, nullptr),
                 BN_bin2bn(Bytes(jose) + kIntegerBytes, kIntegerBytes, nullptr));
  std::string der(static_cast<size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)), '\0');
  unsigned char* out = Bytes(der);
  i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PublicKey>> PublicKey::FromJwk(std::string_view jwk_json) {
  const Json jwk = Json::parse(jwk_json, nullptr, /*allow_exceptions=*/false);
  if (!jwk.is_object()) return Malformed("no JSON object");
  const std::string type = TextOf(jwk, "kty");
  const std::string algorithm = TextOf(jwk, "alg");
  std::shared_ptr<PublicKey> key(new PublicKey());
  Key loaded;
  if (type == "EC" && algorithm == "ES256") {
    key->algorithm_ = Algorithm::kEs256;
    loaded = P256Key(jwk);
  } else if (type == "OKP" && algorithm == "EdDSA") {
    key->algorithm_ = Algorithm::kEdDsa;
    loaded = Ed25519Key(jwk);
  } else if (type == "RSA" && algorithm == "RS256") {
    key->algorithm_ = Algorithm::kRs256;
    loaded = RsaKey(jwk);
  } else {
    return Malformed("another algorithm");
  }
  if (!loaded) return Malformed("what should be a key is none");
  key->key_id_ = TextOf(jwk, "kid");
  if (key->key_id_.empty()) return Malformed("no kid");
  key->token_header_ = base::Base64UrlEncode(
      Json({{"alg", algorithm}, {"kid", key->key_id_}, {"typ", "at+jwt"}}).dump());
  key->key_ = loaded.release();
  return key;
}

PublicKey::~PublicKey() { EVP_PKEY_free(key_); }

bool PublicKey::Verify(std::string_view message, std::string_view signature) const {
  const std::string encoded =
      algorithm_ == Algorithm::kEs256 ? DerFromJose(signature) : std::string(signature);
  const MdContext context(EVP_MD_CTX_new());
  // Ed25519 hashes by itself.
  const EVP_MD* digest = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  Check(EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_) == 1,
        "EVP_DigestVerifyInit");
  return EVP_DigestVerify(context.get(), Bytes(encoded), encoded.size(), Bytes(message),
                          message.size()) == 1;
}

}  // namespace gatehouse::auth
