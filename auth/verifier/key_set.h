#ifndef GATEHOUSE_AUTH_VERIFIER_KEY_SET_H_
#define GATEHOUSE_AUTH_VERIFIER_KEY_SET_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/verifier/public_key.h"

namespace gatehouse::auth {

// The keys that tokens may be signed by: a JSON Web Key Set. Immutable, thread-safe.
class KeySet {
 public:
  static constexpr size_t kMaxKeys = 100;

  // Keys of kinds that are not known are left out: a later release may have them. INVALID_ARGUMENT
  // if it is no key set, has more than kMaxKeys, or has none that is known: no server is without.
  static absl::StatusOr<std::shared_ptr<const KeySet>> Parse(std::string_view jwks_json);

  // The key whose tokens begin with exactly `header`; null if there is none.
  const PublicKey* Find(std::string_view header) const;
  // Whether every key of `other` is here too.
  bool HasAllOf(const KeySet& other) const;

  size_t size() const { return by_header_.size(); }

 private:
  std::map<std::string, std::shared_ptr<const PublicKey>, std::less<>> by_header_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERIFIER_KEY_SET_H_
