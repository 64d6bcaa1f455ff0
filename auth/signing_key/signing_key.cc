#include "auth/signing_key/signing_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/hash.h"
#include "base/libcrypto.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "storage/signing_key/signing_key_sealing.h"

namespace gatehouse::auth {
namespace {

using storage::SigningKeySealContext;
using Json = nlohmann::ordered_json;

constexpr size_t kIntegerBytes = 32;  // Of P-256 and of Ed25519.
constexpr size_t kSignatureBytes = 2 * kIntegerBytes;
constexpr size_t kKeyIdBytes = 12;
// As much as NIST asks for up to 2030 (SP 800-57), for tokens that live for minutes. Making one
// takes a tenth of a second, once in a rotation.
constexpr size_t kRsaBits = 2048;

using base::libcrypto::Bytes;
using base::libcrypto::Check;
using base::libcrypto::Deleter;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using MdContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

// What an i2d function writes.
template <typename T>
std::string ToDer(int (*i2d)(const T*, unsigned char**), const T* object) {
  const int size = i2d(object, nullptr);
  Check(size > 0, "i2d");
  std::string der(static_cast<size_t>(size), '\0');
  unsigned char* out = Bytes(der);
  i2d(object, &out);
  return der;
}

std::string PrivateDer(EVP_PKEY* key) {
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key);
  Check(info != nullptr, "EVP_PKEY2PKCS8");
  std::string der = ToDer<PKCS8_PRIV_KEY_INFO>(i2d_PKCS8_PRIV_KEY_INFO, info);
  PKCS8_PRIV_KEY_INFO_free(info);
  return der;
}

Key MakeKey(SigningAlgorithm algorithm) {
  switch (algorithm) {
    case SigningAlgorithm::kEs256:
      return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    case SigningAlgorithm::kEdDsa:
      return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case SigningAlgorithm::kRs256:
      break;
  }
  return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", kRsaBits));
}

bool IsKeyOf(EVP_PKEY* key, SigningAlgorithm algorithm) {
  if (algorithm == SigningAlgorithm::kRs256) {
    return EVP_PKEY_is_a(key, "RSA") == 1 &&
           static_cast<size_t>(EVP_PKEY_get_bits(key)) >= kRsaBits;
  }
  if (algorithm == SigningAlgorithm::kEdDsa) return EVP_PKEY_is_a(key, "ED25519") == 1;
  char group[32] = {};
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_group_name(key, group, sizeof(group), nullptr) == 1 &&
         std::string_view(group) == "prime256v1";
}

// Ed25519 hashes by itself.
const EVP_MD* DigestOf(SigningAlgorithm algorithm) {
  return algorithm == SigningAlgorithm::kEdDsa ? nullptr : EVP_sha256();
}

// JOSE has r || s, libcrypto DER.
std::string JoseFromDer(std::string_view der) {
  const unsigned char* in = Bytes(der);
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  Check(signature != nullptr, "d2i_ECDSA_SIG");
  std::string jose(kSignatureBytes, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), Bytes(jose), kIntegerBytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), Bytes(jose) + kIntegerBytes, kIntegerBytes);
  return jose;
}

std::string DerFromJose(std::string_view jose) {
  const EcdsaSignature signature(ECDSA_SIG_new());
  Check(signature != nullptr, "ECDSA_SIG_new");
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(Bytes(jose), kIntegerBytes, nullptr),
                 BN_bin2bn(Bytes(jose) + kIntegerBytes, kIntegerBytes, nullptr));
  return ToDer<ECDSA_SIG>(i2d_ECDSA_SIG, signature.get());
}

// Of a signature in JOSE form.
size_t SignatureBytes(SigningAlgorithm algorithm, EVP_PKEY* key) {
  return algorithm == SigningAlgorithm::kRs256 ? static_cast<size_t>(EVP_PKEY_get_size(key))
                                               : kSignatureBytes;
}

// A number of the key, as JWK has it: big-endian, without leading zeros.
std::string JwkNumber(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  Check(EVP_PKEY_get_bn_param(key, name, &number) == 1, "EVP_PKEY_get_bn_param");
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, Bytes(bytes));
  BN_free(number);
  return base::Base64UrlEncode(bytes);
}

std::string MakeJwk(SigningAlgorithm algorithm, std::string_view key_id,
                    std::string_view public_der, EVP_PKEY* key) {
  // SubjectPublicKeyInfo ends with the key itself: x, or for P-256 x || y.
  const auto from_end = [public_der](size_t offset) {
    return base::Base64UrlEncode(public_der.substr(public_der.size() - offset, kIntegerBytes));
  };
  Json jwk;
  if (algorithm == SigningAlgorithm::kEdDsa) {
    jwk = {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", from_end(kIntegerBytes)}};
  } else if (algorithm == SigningAlgorithm::kRs256) {
    jwk = {{"kty", "RSA"},
           {"n", JwkNumber(key, OSSL_PKEY_PARAM_RSA_N)},
           {"e", JwkNumber(key, OSSL_PKEY_PARAM_RSA_E)}};
  } else {
    jwk = {{"kty", "EC"},
           {"crv", "P-256"},
           {"x", from_end(2 * kIntegerBytes)},
           {"y", from_end(kIntegerBytes)}};
  }
  jwk["use"] = "sig";
  jwk["alg"] = std::string(SigningAlgorithmName(algorithm));
  jwk["kid"] = std::string(key_id);
  return jwk.dump();
}

}  // namespace

std::string_view SigningAlgorithmName(SigningAlgorithm algorithm) {
  switch (algorithm) {
    case SigningAlgorithm::kEs256:
      return "ES256";
    case SigningAlgorithm::kEdDsa:
      return "EdDSA";
    case SigningAlgorithm::kRs256:
      break;
  }
  return "RS256";
}

std::optional<SigningAlgorithm> SigningAlgorithmFromName(std::string_view name) {
  if (name == "ES256") return SigningAlgorithm::kEs256;
  if (name == "EdDSA") return SigningAlgorithm::kEdDsa;
  if (name == "RS256") return SigningAlgorithm::kRs256;
  return std::nullopt;
}

SigningKeyRow SigningKey::Generate(SigningAlgorithm algorithm, const base::Uuid& tenant_id,
                                   base::Time now, base::Time active_from,
                                   const storage::SealingKeys& keys) {
  const Key key = MakeKey(algorithm);
  Check(key != nullptr, "EVP_PKEY_Q_keygen");
  SigningKeyRow row{.tenant_id = tenant_id,
                    .key_id = {},
                    .algorithm = std::string(SigningAlgorithmName(algorithm)),
                    .public_key = ToDer<EVP_PKEY>(i2d_PUBKEY, key.get()),
                    .private_key = {},
                    .create_time = now,
                    .active_from = active_from,
                    .retired_at = std::nullopt};
  row.key_id = base::Base64UrlEncode(base::Sha256(row.public_key).substr(0, kKeyIdBytes));
  row.private_key = keys.Seal(SigningKeySealContext(tenant_id, row.key_id), PrivateDer(key.get()));
  return row;
}

absl::StatusOr<std::optional<std::string>> SigningKey::Reseal(const SigningKeyRow& row,
                                                              const storage::SealingKeys& keys) {
  return keys.Reseal(SigningKeySealContext(row.tenant_id, row.key_id), row.private_key);
}

absl::StatusOr<std::shared_ptr<const SigningKey>> SigningKey::Load(
    const SigningKeyRow& row, const storage::SealingKeys& keys) {
  const auto algorithm = SigningAlgorithmFromName(row.algorithm);
  if (!algorithm) {
    return base::InternalError("signing key " + row.key_id + " has the unknown algorithm " +
                               row.algorithm);
  }
  const std::optional<std::string> der =
      keys.Open(SigningKeySealContext(row.tenant_id, row.key_id), row.private_key);
  if (!der) {
    return base::InternalError("signing key " + row.key_id +
                               " does not open under this master key");
  }
  const unsigned char* in = Bytes(*der);
  Key key(d2i_AutoPrivateKey(nullptr, &in, static_cast<long>(der->size())));
  if (!key || !IsKeyOf(key.get(), *algorithm) ||
      ToDer<EVP_PKEY>(i2d_PUBKEY, key.get()) != row.public_key) {
    return base::InternalError("signing key " + row.key_id +
                               " does not match its algorithm or public key");
  }
  std::shared_ptr<SigningKey> loaded(new SigningKey());
  loaded->tenant_id_ = row.tenant_id;
  loaded->key_id_ = row.key_id;
  loaded->algorithm_ = *algorithm;
  loaded->active_from_ = row.active_from;
  loaded->retired_at_ = row.retired_at;
  loaded->jwk_json_ = MakeJwk(*algorithm, row.key_id, row.public_key, key.get());
  loaded->token_header_ = base::Base64UrlEncode(
      Json({{"alg", row.algorithm}, {"kid", row.key_id}, {"typ", "at+jwt"}}).dump());
  loaded->key_ = key.release();
  return loaded;
}

SigningKey::~SigningKey() { EVP_PKEY_free(key_); }

std::string SigningKey::Sign(std::string_view message) const {
  const MdContext context(EVP_MD_CTX_new());
  // Room for DER: two integers with a sign byte each, and their headers.
  std::string signature(SignatureBytes(algorithm_, key_) + 16, '\0');
  size_t size = signature.size();
  Check(EVP_DigestSignInit(context.get(), nullptr, DigestOf(algorithm_), nullptr, key_) == 1 &&
            EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(message),
                           message.size()) == 1,
        "EVP_DigestSign");
  signature.resize(size);
  return algorithm_ == SigningAlgorithm::kEs256 ? JoseFromDer(signature) : signature;
}

bool SigningKey::Verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != SignatureBytes(algorithm_, key_)) return false;
  const std::string encoded =
      algorithm_ == SigningAlgorithm::kEs256 ? DerFromJose(signature) : std::string(signature);
  const MdContext context(EVP_MD_CTX_new());
  Check(EVP_DigestVerifyInit(context.get(), nullptr, DigestOf(algorithm_), nullptr, key_) == 1,
        "EVP_DigestVerifyInit");
  return EVP_DigestVerify(context.get(), Bytes(encoded), encoded.size(), Bytes(message),
                          message.size()) == 1;
}

}  // namespace gatehouse::auth
