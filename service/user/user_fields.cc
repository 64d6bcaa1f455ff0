#include "service/user/user_fields.h"

#include <optional>
#include <utility>

#include "gatehouse/v1/user.pb.h"
#include "service/common/account_names.h"
#include "service/common/json.h"
#include "service/common/regional.h"
#include "service/user/user_rules.h"
#include "storage/canonical_json.h"
#include "storage/role/role.h"

namespace gatehouse::service {
namespace {

constexpr char kDefaultRole[] = "viewer";
constexpr int kVersionByte = 6;
constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMaxBioBytes = 2000;
constexpr size_t kMaxUrlBytes = 2048;
constexpr size_t kMaxTimezoneBytes = 64;
constexpr size_t kMaxLocaleBytes = 35;

bool IsV7(const base::Uuid& id) { return id.bytes()[kVersionByte] >> 4 == 7; }

void ApplyUsername(const std::string& text, storage::User& user, FieldChecks& checks) {
  std::optional<AccountName> name = ReadUsername("user.username", text, checks);
  if (!name) return;
  user.username = std::move(name->text);
  user.username_key = std::move(name->key);
}

void ApplyEmail(const std::string& text, storage::User& user, FieldChecks& checks) {
  const std::optional<std::string> old_key = user.email_key;
  user.email = std::nullopt;
  user.email_key = std::nullopt;
  if (!text.empty()) {
    std::optional<AccountName> email = ReadEmail("user.email", text, checks);
    if (!email) return;
    user.email = std::move(email->text);
    user.email_key = std::move(email->key);
  }
  if (user.email_key != old_key) user.email_verified_time = std::nullopt;
}

bool ApplyText(std::string_view field, const std::string& text, size_t max_bytes, std::string& out,
               FieldChecks& checks) {
  if (!checks.Length("user." + std::string(field), text, 0, max_bytes)) return false;
  out = text;
  return true;
}

void ApplyMetadata(const v1::User& proto, storage::User& user, FieldChecks& checks) {
  auto json = JsonFromStruct("user.metadata", proto.metadata());
  if (checks.Check(json.status())) user.metadata_json = *std::move(json);
}

void ApplyRole(const std::string& role, storage::User& user, FieldChecks& checks) {
  if (role.empty()) return;
  // Whether the tenant has such a role is for the database to say.
  if (storage::IsRoleName(role)) {
    user.role = role;
  } else {
    checks.Check(RoleNotFound());
  }
}

void ApplyState(v1::UserState state, storage::User& user, FieldChecks& checks) {
  switch (state) {
    case v1::USER_STATE_UNSPECIFIED:
      return;
    case v1::USER_STATE_ACTIVE:
      user.state = storage::UserState::kActive;
      return;
    case v1::USER_STATE_DISABLED:
      user.state = storage::UserState::kDisabled;
      return;
    default:
      checks.Fail("user.state", "must be ACTIVE or DISABLED; DeleteUser deletes");
  }
}

void ApplyField(std::string_view field, const v1::User& proto, storage::User& user,
                FieldChecks& checks) {
  if (field == "username") {
    ApplyUsername(proto.username(), user, checks);
  } else if (field == "email") {
    ApplyEmail(proto.email(), user, checks);
  } else if (field == "first_name") {
    ApplyText(field, proto.first_name(), kMaxNameBytes, user.first_name, checks);
  } else if (field == "last_name") {
    ApplyText(field, proto.last_name(), kMaxNameBytes, user.last_name, checks);
  } else if (field == "bio") {
    ApplyText(field, proto.bio(), kMaxBioBytes, user.bio, checks);
  } else if (field == "avatar_url") {
    if (proto.avatar_url().empty() ||
        checks.HttpUrl("user.avatar_url", proto.avatar_url(), kMaxUrlBytes)) {
      user.avatar_url = proto.avatar_url();
    }
  } else if (field == "timezone") {
    if (!ApplyText(field, proto.timezone(), kMaxTimezoneBytes, user.timezone, checks)) return;
    if (!proto.timezone().empty() && !IsTimeZone(proto.timezone())) {
      checks.Fail("user.timezone", "is not a name like Europe/Berlin");
    }
  } else if (field == "locale") {
    if (!ApplyText(field, proto.locale(), kMaxLocaleBytes, user.locale, checks)) return;
    if (!proto.locale().empty() && !IsLanguageTag(proto.locale())) {
      checks.Fail("user.locale", "is not a BCP 47 tag like de-AT");
    }
  } else if (field == "metadata") {
    ApplyMetadata(proto, user, checks);
  } else if (field == "role") {
    ApplyRole(proto.role(), user, checks);
  } else if (field == "state") {
    ApplyState(proto.state(), user, checks);
  }
}

// jsonb gives back other blanks and another order of members than it was given.
bool SameJson(const std::string& a, const std::string& b) {
  return a == b || storage::CanonicalJson(a) == storage::CanonicalJson(b);
}

}  // namespace

storage::User NewUserOf(const base::Uuid& tenant_id, const v1::User& proto,
                        std::string_view proposed_id, base::Time now, FieldChecks& checks) {
  storage::User user{
      .tenant_id = tenant_id, .role = kDefaultRole, .create_time = now, .update_time = now};
  user.id = checks.OptionalUuid("user_id", proposed_id);
  if (!user.id.is_nil() && !IsV7(user.id)) checks.Fail("user_id", "is not of version 7");
  if (user.id.is_nil()) user.id = base::Uuid::MakeV7(now);
  const std::vector<std::string> all(kUserFields.begin(), kUserFields.end());
  ApplyUserFields(proto, all, user, checks);
  return user;
}

void ApplyUserFields(const v1::User& proto, std::span<const std::string> fields,
                     storage::User& user, FieldChecks& checks) {
  for (const std::string& field : fields) ApplyField(field, proto, user, checks);
}

std::vector<std::string> ChangedUserFields(const storage::User& before,
                                           const storage::User& after) {
  const bool changed[] = {before.username != after.username,
                          before.email != after.email,
                          before.first_name != after.first_name,
                          before.last_name != after.last_name,
                          before.bio != after.bio,
                          before.avatar_url != after.avatar_url,
                          before.timezone != after.timezone,
                          before.locale != after.locale,
                          !SameJson(before.metadata_json, after.metadata_json),
                          before.role != after.role,
                          before.state != after.state};
  static_assert(std::size(changed) == kUserFields.size());
  std::vector<std::string> fields;
  for (size_t i = 0; i < kUserFields.size(); ++i) {
    if (changed[i]) fields.emplace_back(kUserFields[i]);
  }
  return fields;
}

}  // namespace gatehouse::service
