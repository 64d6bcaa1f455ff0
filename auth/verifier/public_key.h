#ifndef GATEHOUSE_AUTH_VERIFIER_PUBLIC_KEY_H_
#define GATEHOUSE_AUTH_VERIFIER_PUBLIC_KEY_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_pkey_st;

namespace gatehouse::auth {

// The public half of a signing key, as a JSON Web Key says it: ES256, EdDSA with Ed25519, or RS256
// with 2048 bits or more. The algorithm is the key's. Immutable, thread-safe.
class PublicKey {
 public:
  // INVALID_ARGUMENT for another kind of key, and for one that is malformed.
  static absl::StatusOr<std::shared_ptr<const PublicKey>> FromJwk(std::string_view jwk_json);
  ~PublicKey();

  const std::string& key_id() const { return key_id_; }
  // The first part of every access token that it signs: one text, with its algorithm, its id and
  // the type at+jwt.
  const std::string& token_header() const { return token_header_; }

  // `signature` in JOSE's form.
  bool Verify(std::string_view message, std::string_view signature) const;

 private:
  enum class Algorithm { kEs256, kEdDsa, kRs256 };

  PublicKey() = default;

  Algorithm algorithm_ = Algorithm::kEs256;
  std::string key_id_;
  std::string token_header_;
  evp_pkey_st* key_ = nullptr;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERIFIER_PUBLIC_KEY_H_
