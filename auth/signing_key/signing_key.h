#ifndef GATEHOUSE_AUTH_SIGNING_KEY_SIGNING_KEY_H_
#define GATEHOUSE_AUTH_SIGNING_KEY_SIGNING_KEY_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/sealing_keys.h"
#include "storage/signing_key/signing_key.h"

struct evp_pkey_st;

namespace gatehouse::auth {

// How access tokens are signed. The algorithm belongs to the key: what a token's
// header claims is compared with it, never followed.
enum class SigningAlgorithm {
  kEs256,  // ECDSA on P-256 with SHA-256, RFC 7518. The default: see docs/adr.
  kEdDsa,  // Ed25519, RFC 8037.
  kRs256,  // RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518, 2,048 bits: for what verifies nothing else.
};

// The JOSE names "ES256", "EdDSA" and "RS256".
std::string_view SigningAlgorithmName(SigningAlgorithm algorithm);
std::optional<SigningAlgorithm> SigningAlgorithmFromName(std::string_view name);

using storage::SigningKeyRow;

// A key of the row's algorithm, ready to use. Immutable, thread-safe.
class SigningKey {
 public:
  // A new row. `key_id` is the beginning of the SHA-256 of the public key. `keys` seal it.
  static SigningKeyRow Generate(SigningAlgorithm algorithm, const base::Uuid& tenant_id,
                                base::Time now, base::Time active_from,
                                const storage::SealingKeys& keys);

  // INTERNAL if the row was tampered with or sealed under another master key.
  static absl::StatusOr<std::shared_ptr<const SigningKey>> Load(const SigningKeyRow& row,
                                                                const storage::SealingKeys& keys);

  // SealingKeys::Reseal of the row's private key.
  static absl::StatusOr<std::optional<std::string>> Reseal(const SigningKeyRow& row,
                                                           const storage::SealingKeys& keys);

  const base::Uuid& tenant_id() const { return tenant_id_; }
  const std::string& key_id() const { return key_id_; }
  SigningAlgorithm algorithm() const { return algorithm_; }
  base::Time active_from() const { return active_from_; }
  std::optional<base::Time> retired_at() const { return retired_at_; }

  // The signature in JOSE form: 64 bytes, 256 for RS256.
  std::string Sign(std::string_view message) const;
  bool Verify(std::string_view message, std::string_view signature) const;

  // The first part of every token this key signs: base64url of
  // {"alg":...,"kid":...,"typ":"at+jwt"}, always the same text.
  const std::string& token_header() const { return token_header_; }

  // The public half as a JSON Web Key, RFC 7517.
  const std::string& jwk_json() const { return jwk_json_; }

  ~SigningKey();

 private:
  SigningKey() = default;

  base::Uuid tenant_id_;
  std::string key_id_;
  SigningAlgorithm algorithm_ = SigningAlgorithm::kEs256;
  base::Time active_from_;
  std::optional<base::Time> retired_at_;
  std::string token_header_;
  std::string jwk_json_;
  evp_pkey_st* key_ = nullptr;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_SIGNING_KEY_SIGNING_KEY_H_
