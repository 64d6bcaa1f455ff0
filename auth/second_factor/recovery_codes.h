#ifndef GATEHOUSE_AUTH_SECOND_FACTOR_RECOVERY_CODES_H_
#define GATEHOUSE_AUTH_SECOND_FACTOR_RECOVERY_CODES_H_

#include <string>
#include <string_view>
#include <vector>

#include "auth/token/token_peppers.h"
#include "base/hmac_key.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// Codes that a person writes down and uses instead of a second factor that was lost, each once:
// "7h2k4-m9x3p", 50 random bits in Crockford's Base32, which has no letters that look alike.
//
// They are kept as an HMAC under the server's pepper: a plain hash of so few bits could be tried
// out by whoever has the database alone. They do not expire, so those that are made while a second
// pepper is accepted are kept with a mark of the one they are under: by it one sees when nobody has
// one of the other any more. At other times they have none, as in versions before there were marks.
//
// Immutable, thread-safe.
class RecoveryCodes {
 public:
  static constexpr int kCodes = 10;

  explicit RecoveryCodes(const TokenPeppers& peppers);

  struct Made {
    std::vector<std::string> codes;
    // What they are kept as, in the order of the codes.
    std::vector<std::string> hashes;
  };
  Made Make(const base::Uuid& user_id) const;

  // All that the code which somebody typed may be kept as, if it is one: in either case, with or
  // without blanks and dashes, with O for 0 and I or L for 1.
  std::vector<std::string> Hashes(const base::Uuid& user_id, std::string_view typed) const;

  // Whether a code that is kept as `hash` ends with the second pepper: unless it has the mark of
  // the first, it may be under the second. Means something while there is a second.
  bool EndsWithAccepted(std::string_view hash) const;

 private:
  // Of one pepper.
  struct Key {
    explicit Key(std::string_view pepper);
    // `normal`: the code as all ways to type it are read.
    std::string Hash(const base::Uuid& user_id, std::string_view normal) const;

    base::HmacKey mac;
    std::string mark;
  };
  static std::vector<Key> KeysOf(const TokenPeppers& peppers);

  // The first pepper, and the second if there is one.
  const std::vector<Key> keys_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_SECOND_FACTOR_RECOVERY_CODES_H_
