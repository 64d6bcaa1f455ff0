#ifndef GATEHOUSE_SERVICE_USER_USER_FIELDS_H_
#define GATEHOUSE_SERVICE_USER_USER_FIELDS_H_

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/common/validate.h"
#include "storage/user/user.h"

namespace gatehouse::v1 {
class User;
}

namespace gatehouse::service {

// The fields of gatehouse.v1.User that callers can set.
inline constexpr std::array<std::string_view, 11> kUserFields = {
    "username", "email",  "first_name", "last_name", "bio",  "avatar_url",
    "timezone", "locale", "metadata",   "role",      "state"};

// The user that `proto` describes, made at `now` by a caller of that tenant; `proposed_id`: the
// field user_id, which may be empty. What is wrong goes to `checks`.
storage::User NewUserOf(const base::Uuid& tenant_id, const v1::User& proto,
                        std::string_view proposed_id, base::Time now, FieldChecks& checks);

// Takes `fields` of `proto` over into `user`, in the form they are stored in, and
// adds to `checks` what is wrong with them. An empty role and an unspecified
// state leave what is there; a new email address is not a verified one.
void ApplyUserFields(const v1::User& proto, std::span<const std::string> fields,
                     storage::User& user, FieldChecks& checks);

// Which of kUserFields differ.
std::vector<std::string> ChangedUserFields(const storage::User& before, const storage::User& after);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_USER_FIELDS_H_
