#include "auth/passkey/passkey_key.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <memory>

#include "auth/passkey/libfido2.h"
#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(&object);
  }
};

// The key as libfido2 has it, of one of three types; null if it is not valid.
using Parsed = std::shared_ptr<const void>;

template <auto Free, typename T, typename FromBytes>
Parsed Parse(T* fresh, FromBytes from_bytes, const std::string& bytes) {
  if (fresh == nullptr) return nullptr;
  const std::shared_ptr<T> key(fresh, Deleter<Free>());
  return from_bytes(fresh, bytes.data(), bytes.size()) == FIDO_OK ? key : nullptr;
}

Parsed Parse(const PasskeyKey& key) {
  InitLibfido2();
  switch (key.algorithm) {
    case PasskeyAlgorithm::kEs256:
      return Parse<es256_pk_free>(es256_pk_new(), es256_pk_from_ptr, key.bytes);
    case PasskeyAlgorithm::kEdDsa:
      return Parse<eddsa_pk_free>(eddsa_pk_new(), eddsa_pk_from_ptr, key.bytes);
    case PasskeyAlgorithm::kRs256:
      return Parse<rs256_pk_free>(rs256_pk_new(), rs256_pk_from_ptr, key.bytes);
  }
  return nullptr;
}

size_t BytesOf(PasskeyAlgorithm algorithm) {
  constexpr size_t kEs256Bytes = 64;
  constexpr size_t kEdDsaBytes = 32;
  constexpr size_t kRs256Bytes = 256 + 3;
  switch (algorithm) {
    case PasskeyAlgorithm::kEs256:
      return kEs256Bytes;
    case PasskeyAlgorithm::kEdDsa:
      return kEdDsaBytes;
    case PasskeyAlgorithm::kRs256:
      return kRs256Bytes;
  }
  return 0;
}

// Of 2,048 bits and with the exponent that every authenticator takes: libfido2 would also take a
// modulus that begins with zeros, which is a shorter one.
bool IsStrongRsa(const std::string& bytes) {
  constexpr std::string_view kExponent("\x01\x00\x01", 3);
  return (static_cast<uint8_t>(bytes.front()) & 0x80) != 0 && bytes.ends_with(kExponent);
}

const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string_view PasskeyAlgorithmName(PasskeyAlgorithm algorithm) {
  switch (algorithm) {
    case PasskeyAlgorithm::kEs256:
      return "ES256";
    case PasskeyAlgorithm::kEdDsa:
      return "EdDSA";
    case PasskeyAlgorithm::kRs256:
      return "RS256";
  }
  return "";
}

bool IsValid(const PasskeyKey& key) {
  if (key.bytes.empty() || key.bytes.size() != BytesOf(key.algorithm)) return false;
  if (key.algorithm == PasskeyAlgorithm::kRs256 && !IsStrongRsa(key.bytes)) return false;
  return Parse(key) != nullptr;
}

bool VerifySignature(const PasskeyKey& key, const std::string& rp_id,
                     std::string_view authenticator_data, std::string_view client_data_json,
                     std::string_view signature) {
  const Parsed parsed = IsValid(key) ? Parse(key) : nullptr;
  if (!parsed) return false;
  const std::unique_ptr<fido_assert_t, Deleter<fido_assert_free>> assertion(fido_assert_new());
  const std::string hash = base::Sha256(client_data_json);
  return assertion && fido_assert_set_count(assertion.get(), 1) == FIDO_OK &&
         fido_assert_set_rp(assertion.get(), rp_id.c_str()) == FIDO_OK &&
         fido_assert_set_clientdata_hash(assertion.get(), Data(hash), hash.size()) == FIDO_OK &&
         fido_assert_set_authdata_raw(assertion.get(), 0, Data(authenticator_data),
                                      authenticator_data.size()) == FIDO_OK &&
         fido_assert_set_sig(assertion.get(), 0, Data(signature), signature.size()) == FIDO_OK &&
         fido_assert_set_up(assertion.get(), FIDO_OPT_TRUE) == FIDO_OK &&
         fido_assert_verify(assertion.get(), 0, static_cast<int>(key.algorithm), parsed.get()) ==
             FIDO_OK;
}

const PasskeyKey& NobodysPasskeyKey() {
  // The generator of P-256 (FIPS 186-4, D.1.2.3). Everybody knows its other half, which is 1, and
  // may: what is compared with it is refused whatever comes out.
  static const auto& key = *new PasskeyKey{
      .algorithm = PasskeyAlgorithm::kEs256,
      .bytes =
          *base::HexDecode("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                           "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")};
  return key;
}

}  // namespace gatehouse::auth
