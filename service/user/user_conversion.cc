#include "service/user/user_conversion.h"

#include <optional>

#include "base/status.h"
#include "base/time.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {
namespace {

v1::UserState StateOf(const storage::User& user) {
  if (user.delete_time) return v1::USER_STATE_DELETED;
  return user.state == storage::UserState::kActive ? v1::USER_STATE_ACTIVE
                                                   : v1::USER_STATE_DISABLED;
}

}  // namespace

absl::Status ToProto(const storage::User& user, v1::User& out) {
  out.set_id(user.id.ToString());
  out.set_username(user.username);
  out.set_email(user.email.value_or(""));
  out.set_first_name(user.first_name);
  out.set_last_name(user.last_name);
  out.set_bio(user.bio);
  out.set_avatar_url(user.avatar_url);
  out.set_timezone(user.timezone);
  out.set_locale(user.locale);
  if (user.metadata_json != "{}") {
    GH_RETURN_IF_ERROR(StructFromJson(user.metadata_json, out.mutable_metadata()));
  }
  out.set_role(user.role);
  out.set_state(StateOf(user));
  if (user.email_verified_time) {
    SetTimestamp(*user.email_verified_time, out.mutable_email_verified_time());
  }
  if (user.last_login_time) SetTimestamp(*user.last_login_time, out.mutable_last_login_time());
  if (user.second_factor_time) {
    SetTimestamp(*user.second_factor_time, out.mutable_second_factor_time());
  }
  SetTimestamp(user.create_time, out.mutable_create_time());
  SetTimestamp(user.update_time, out.mutable_update_time());
  if (user.delete_time) SetTimestamp(*user.delete_time, out.mutable_delete_time());
  if (user.purge_time) SetTimestamp(*user.purge_time, out.mutable_purge_time());
  out.set_etag(MakeEtag(user.version));
  return absl::OkStatus();
}

void ToProto(const storage::ApiKey& key, v1::ApiKey& out) {
  out.set_id(key.id.ToString());
  out.set_display_name(key.display_name);
  out.set_key_prefix(key.key_prefix);
  for (const std::string& permission : key.permissions) out.add_permissions(permission);
  SetTimestamp(key.create_time, out.mutable_create_time());
  if (key.expire_time) SetTimestamp(*key.expire_time, out.mutable_expire_time());
  if (key.revoke_time) SetTimestamp(*key.revoke_time, out.mutable_revoke_time());
  if (key.creator_id) out.set_creator_id(key.creator_id->ToString());
  if (key.last_used_time) SetTimestamp(*key.last_used_time, out.mutable_last_used_time());
  out.set_ends_with_creator(key.ends_with_creator);
  if (key.rotate_time) SetTimestamp(*key.rotate_time, out.mutable_rotate_time());
  if (key.former_expire_time) {
    SetTimestamp(*key.former_expire_time, out.mutable_former_key_expire_time());
  }
}

}  // namespace gatehouse::service
