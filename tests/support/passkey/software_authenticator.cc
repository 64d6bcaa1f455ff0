#include "tests/support/passkey/software_authenticator.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/hash.h"
#include "base/libcrypto.h"
#include "base/text/encoding.h"

namespace gatehouse::tests {
namespace {

using base::libcrypto::Bytes;
using base::libcrypto::Check;
using base::libcrypto::Deleter;
using Json = nlohmann::json;

constexpr int32_t kEs256 = -7;
constexpr int32_t kEdDsa = -8;
constexpr int32_t kRs256 = -257;
constexpr size_t kIdBytes = 32;
constexpr size_t kCoordinateBytes = 32;
constexpr size_t kModulusBytes = 256;

// Heads of CBOR (RFC 8949): major types.
constexpr uint8_t kUnsigned = 0;
constexpr uint8_t kNegative = 1;
constexpr uint8_t kBytes = 2;
constexpr uint8_t kText = 3;
constexpr uint8_t kMap = 5;

std::string Head(uint8_t major, uint64_t value) {
  const auto type = static_cast<uint8_t>(major << 5);
  std::string head;
  if (value < 24) {
    head.push_back(static_cast<char>(type | value));
  } else if (value < 0x100) {
    head.push_back(static_cast<char>(type | 24));
    head.push_back(static_cast<char>(value));
  } else {
    head.push_back(static_cast<char>(type | 25));
    head.push_back(static_cast<char>(value >> 8));
    head.push_back(static_cast<char>(value));
  }
  return head;
}
std::string Number(int64_t value) {
  return value >= 0 ? Head(kUnsigned, static_cast<uint64_t>(value))
                    : Head(kNegative, static_cast<uint64_t>(-1 - value));
}
std::string ByteString(std::string_view bytes) {
  return Head(kBytes, bytes.size()) + std::string(bytes);
}
std::string TextString(std::string_view text) {
  return Head(kText, text.size()) + std::string(text);
}

EVP_PKEY* NewKey(int32_t algorithm) {
  switch (algorithm) {
    case kEs256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case kEdDsa:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case kRs256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048});
    default:
      throw std::invalid_argument("no such algorithm");
  }
}

std::string BigNumber(const EVP_PKEY* key, const char* name, size_t bytes) {
  BIGNUM* number = nullptr;
  Check(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
  const std::unique_ptr<BIGNUM, Deleter<BN_free>> owner(number);
  std::string out(bytes, '\0');
  Check(BN_bn2binpad(number, Bytes(out), static_cast<int>(bytes)) == static_cast<int>(bytes), name);
  return out;
}

}  // namespace

struct SoftwareAuthenticator::Key {
  std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>> pair;
};

SoftwareAuthenticator::SoftwareAuthenticator(int32_t algorithm)
    : credential_id(base::RandomBytes(kIdBytes)),
      algorithm_(algorithm),
      key_(std::make_unique<Key>()) {
  key_->pair.reset(NewKey(algorithm));
  Check(key_->pair != nullptr, "EVP_PKEY_Q_keygen");
}

SoftwareAuthenticator::~SoftwareAuthenticator() = default;

std::string SoftwareAuthenticator::CoseKey() const {
  const EVP_PKEY* const key = key_->pair.get();
  if (algorithm_ == kEs256) {
    std::string point(1 + 2 * kCoordinateBytes, '\0');
    size_t size = 0;
    Check(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, Bytes(point), point.size(),
                                          &size) == 1 &&
              size == point.size(),
          "EVP_PKEY_get_octet_string_param");
    return Head(kMap, 5) + Number(1) + Number(2) + Number(3) + Number(kEs256) + Number(-1) +
           Number(1) + Number(-2) + ByteString(point.substr(1, kCoordinateBytes)) + Number(-3) +
           ByteString(point.substr(1 + kCoordinateBytes));
  }
  if (algorithm_ == kEdDsa) {
    std::string point(kCoordinateBytes, '\0');
    size_t size = point.size();
    Check(EVP_PKEY_get_raw_public_key(key, Bytes(point), &size) == 1,
          "EVP_PKEY_get_raw_public_key");
    return Head(kMap, 4) + Number(1) + Number(1) + Number(3) + Number(kEdDsa) + Number(-1) +
           Number(6) + Number(-2) + ByteString(point);
  }
  constexpr size_t kExponentBytes = 3;
  return Head(kMap, 4) + Number(1) + Number(3) + Number(3) + Number(kRs256) + Number(-1) +
         ByteString(BigNumber(key, OSSL_PKEY_PARAM_RSA_N, kModulusBytes)) + Number(-2) +
         ByteString(BigNumber(key, OSSL_PKEY_PARAM_RSA_E, kExponentBytes));
}

std::string SoftwareAuthenticator::AuthenticatorData(std::string_view usual_rp_id,
                                                     bool with_credential) const {
  std::string data = base::Sha256(rp_id.empty() ? usual_rp_id : rp_id);
  data.push_back(static_cast<char>(with_credential ? flags | kAttestedCredential : flags));
  for (int shift = 24; shift >= 0; shift -= 8) {
    data.push_back(static_cast<char>(sign_count >> shift));
  }
  if (!with_credential) return data;
  constexpr size_t kAaguidBytes = 16;
  data.append(kAaguidBytes, 'a');
  data.push_back(static_cast<char>(credential_id.size() >> 8));
  data.push_back(static_cast<char>(credential_id.size()));
  return data + credential_id + CoseKey();
}

std::string SoftwareAuthenticator::ClientData(std::string_view usual_type,
                                              std::string_view usual_challenge) const {
  const Json data = {{"type", type.empty() ? usual_type : type},
                     {"challenge", challenge.empty() ? usual_challenge : challenge},
                     {"origin", origin},
                     {"crossOrigin", cross_origin}};
  return data.dump();
}

std::string SoftwareAuthenticator::AttestationObject(std::string_view usual_rp_id) const {
  return Head(kMap, 3) + TextString("fmt") + TextString("none") + TextString("attStmt") +
         Head(kMap, 0) + TextString("authData") +
         ByteString(AuthenticatorData(usual_rp_id, /*with_credential=*/true));
}

std::string SoftwareAuthenticator::RegistrationWith(std::string_view options,
                                                    std::string_view attestation_object) const {
  const Json asked = Json::parse(options);
  const std::string id = base::Base64UrlEncode(credential_id);
  const std::string data = ClientData("webauthn.create", asked.at("challenge").get<std::string>());
  const Json answer = {{"type", "public-key"},
                       {"id", id},
                       {"rawId", id},
                       {"response",
                        {{"clientDataJSON", base::Base64UrlEncode(data)},
                         {"attestationObject", base::Base64UrlEncode(attestation_object)},
                         {"transports", {"internal", "hybrid"}}}},
                       {"clientExtensionResults", Json::object()}};
  return answer.dump();
}

std::string SoftwareAuthenticator::Register(std::string_view options) {
  const Json asked = Json::parse(options);
  user_handle = *base::Base64UrlDecode(asked.at("user").at("id").get<std::string>());
  sign_count += step;
  return RegistrationWith(options, AttestationObject(asked.at("rp").at("id").get<std::string>()));
}

std::string SoftwareAuthenticator::Sign(std::string_view options) {
  const Json asked = Json::parse(options);
  sign_count += step;
  const std::string client_data =
      ClientData("webauthn.get", asked.at("challenge").get<std::string>());
  const std::string data =
      AuthenticatorData(asked.at("rpId").get<std::string>(), /*with_credential=*/false);
  const std::string message = data + base::Sha256(client_data);

  const std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const EVP_MD* const digest = algorithm_ == kEdDsa ? nullptr : EVP_sha256();
  size_t size = 0;
  Check(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_->pair.get()) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &size, Bytes(std::string_view(message)),
                           message.size()) == 1,
        "EVP_DigestSign");
  std::string signature(size, '\0');
  Check(EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(std::string_view(message)),
                       message.size()) == 1,
        "EVP_DigestSign");
  signature.resize(size);

  const std::string id = base::Base64UrlEncode(credential_id);
  const Json answer = {{"type", "public-key"},
                       {"id", id},
                       {"rawId", id},
                       {"response",
                        {{"clientDataJSON", base::Base64UrlEncode(client_data)},
                         {"authenticatorData", base::Base64UrlEncode(data)},
                         {"signature", base::Base64UrlEncode(signature)},
                         {"userHandle", base::Base64UrlEncode(user_handle)}}},
                       {"clientExtensionResults", Json::object()}};
  return answer.dump();
}

}  // namespace gatehouse::tests
