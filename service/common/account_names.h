#ifndef GATEHOUSE_SERVICE_COMMON_ACCOUNT_NAMES_H_
#define GATEHOUSE_SERVICE_COMMON_ACCOUNT_NAMES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "service/common/validate.h"

namespace gatehouse::service {

// What people are called by, one function for each kind: creation, look-up, login and seed files
// go by the same. Lengths count after normalisation.

// No name is looked at beyond this: text may shrink under normalisation, but not from here to
// what is allowed.
inline constexpr size_t kMaxRawNameBytes = 1024;

struct AccountName {
  // As it is stored and shown.
  std::string text;
  // What it is found by and unique by.
  std::string key;
};

// A new username: 1 to 64 characters, a PRECIS identifier (base/text/precis.h) of which ASCII is
// letters, digits and . _ - @ +. Fails a check if it is none.
std::optional<AccountName> ReadUsername(std::string_view field, std::string_view text,
                                        FieldChecks& checks);

// A new email address: a PRECIS identifier, '@', a domain name (base/text/domain_name.h), together
// at most 254 bytes. That it can be written to, only a message tells. Fails a check if it is none.
std::optional<AccountName> ReadEmail(std::string_view field, std::string_view text,
                                     FieldChecks& checks);

// What the user of that username or email address is found by: without regard to case, to the
// form of characters and to that of a domain after an '@'. Also for what was created under older
// rules. nullopt for what can be nobody's: empty, too long, not UTF-8.
//
// One function for both, since one may log in by either: nobody takes over another's login by a
// username that is written like the other's address.
std::optional<std::string> AccountKey(std::string_view text);

// Whether a username or an email address may begin with `text`, which is not empty.
bool MayBeginName(std::string_view text);
// What the keys of names begin with that begin with `text`: of what MayBeginName.
std::string AccountKeyPrefix(std::string_view text);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_ACCOUNT_NAMES_H_
