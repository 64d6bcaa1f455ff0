#ifndef GATEHOUSE_AUTH_SECOND_FACTOR_RECOVERY_CODES_H_
#define GATEHOUSE_AUTH_SECOND_FACTOR_RECOVERY_CODES_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/hmac_key.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// Codes that a person writes down and uses instead of a second factor that was lost, each once:
// "7h2k4-m9x3p", 50 random bits in Crockford's Base32, which has no letters that look alike.
//
// They are kept as an HMAC under the server's secret: a plain hash of so few bits could be tried
// out by whoever has the database alone.
//
// Immutable, thread-safe.
class RecoveryCodes {
 public:
  static constexpr int kCodes = 10;

  // `secret`: the server's, the same on every instance.
  explicit RecoveryCodes(std::string_view secret);

  struct Made {
    std::vector<std::string> codes;
    // What they are kept as, in any order.
    std::vector<std::string> hashes;
  };
  Made Make(const base::Uuid& user_id) const;

  // What the code that somebody typed is kept as, if it is one: in either case, with or without
  // blanks and dashes, with O for 0 and I or L for 1.
  std::string Hash(const base::Uuid& user_id, std::string_view typed) const;

 private:
  const base::HmacKey key_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_SECOND_FACTOR_RECOVERY_CODES_H_
