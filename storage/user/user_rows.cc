#include "storage/user/user_rows.h"

#include "base/time.h"
#include "storage/postgres/client/values.h"

namespace gatehouse::storage {

User DecodeUser(const base::Uuid& tenant_id, postgres::RowView row) {
  using Text = std::optional<std::string>;
  using MaybeTime = std::optional<base::Time>;
  // Braces evaluate in order: one column after the other.
  int column = 0;
  return User{
      .tenant_id = tenant_id,
      .id = row.Get<base::Uuid>(column++),
      .username = row.Get<std::string>(column++),
      .username_key = row.Get<std::string>(column++),
      .email = row.Get<Text>(column++),
      .email_key = row.Get<Text>(column++),
      .first_name = row.Get<std::string>(column++),
      .last_name = row.Get<std::string>(column++),
      .bio = row.Get<std::string>(column++),
      .avatar_url = row.Get<std::string>(column++),
      .timezone = row.Get<std::string>(column++),
      .locale = row.Get<std::string>(column++),
      .metadata_json = row.Get<postgres::Jsonb>(column++).value,
      .role = row.Get<std::string>(column++),
      .state = static_cast<UserState>(row.Get<int32_t>(column++)),
      .email_verified_time = row.Get<MaybeTime>(column++),
      .last_login_time = row.Get<MaybeTime>(column++),
      .create_time = row.Get<base::Time>(column++),
      .update_time = row.Get<base::Time>(column++),
      .delete_time = row.Get<MaybeTime>(column++),
      .purge_time = row.Get<MaybeTime>(column++),
      .version = row.Get<int64_t>(column++),
      .epoch = row.Get<int64_t>(column++),
      .second_factor_time = row.Get<MaybeTime>(column++),
  };
}

}  // namespace gatehouse::storage
