#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/account_names.h"
#include "service/common/page_size.h"
#include "service/common/validate.h"
#include "service/user/user_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"

namespace gatehouse::service {
namespace {

constexpr int kMaxBatch = 100;

// A part of the users asked for would look like all of them.
absl::Status BatchTooLarge() {
  return base::InvalidField(
      "user_ids",
      "these users take more than " + std::to_string(kMaxPageBytes >> 20) + " MiB: ask for fewer",
      base::Reason::kTooLarge);
}

// Who may not read others learns nothing about them either: what does not exist
// is denied like what does.
absl::Status MayRead(const base::Principal& caller, const std::optional<storage::User>& user) {
  if (user && IsSelf(caller, *user)) return absl::OkStatus();
  return auth::RequirePermission(caller, auth::Permission::kUsersRead);
}

// What a name is found by; fails a check if it can be nobody's.
std::optional<std::string> KeyOf(std::string_view field, const std::string& name,
                                 FieldChecks& checks) {
  if (!checks.Length(field, name, 1, kMaxRawNameBytes)) return std::nullopt;
  return AccountKey(name);
}

}  // namespace

UserService::Result<v1::GetUserResponse> UserService::GetUser(base::CallContext ctx,
                                                              v1::GetUserRequest request) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  FieldChecks checks;
  absl::StatusOr<std::optional<storage::User>> user = std::nullopt;
  switch (request.key_case()) {
    case v1::GetUserRequest::kUserId: {
      const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
      if (id) user = co_await deps_.users.Get(ctx, tenant_id, *id);
      break;
    }
    case v1::GetUserRequest::kUsername: {
      const std::optional<std::string> key = KeyOf("username", request.username(), checks);
      if (checks.ok()) user = co_await deps_.users.GetByUsernameKey(ctx, tenant_id, *key);
      break;
    }
    case v1::GetUserRequest::kEmail: {
      const std::optional<std::string> key = KeyOf("email", request.email(), checks);
      if (checks.ok()) user = co_await deps_.users.GetByEmailKey(ctx, tenant_id, *key);
      break;
    }
    case v1::GetUserRequest::KEY_NOT_SET:
      checks.Fail("key", "one of user_id, username and email must be set");
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(user.status());
  GH_CO_RETURN_IF_ERROR(MayRead(ctx.principal(), *user));
  const bool visible = *user && (!(*user)->delete_time || request.show_deleted());
  if (!visible) co_return UserNotFound();
  v1::GetUserResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(**user, *response.mutable_user()));
  co_return response;
}

UserService::Result<v1::BatchGetUsersResponse> UserService::BatchGetUsers(
    base::CallContext ctx, v1::BatchGetUsersRequest request) {
  if (request.user_ids().empty() || request.user_ids_size() > kMaxBatch) {
    co_return base::InvalidField("user_ids", "must name 1 to 100 users");
  }
  FieldChecks checks;
  std::vector<base::Uuid> ids;
  for (int i = 0; i < request.user_ids_size(); ++i) {
    const auto id = checks.RequireUuid("user_ids[" + std::to_string(i) + "]", request.user_ids(i));
    if (id) ids.push_back(*id);
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::User> users,
                         co_await deps_.users.BatchGet(ctx, ctx.principal().tenant_id, ids));
  std::unordered_map<base::Uuid, const storage::User*> by_id;
  for (const storage::User& user : users) by_id.emplace(user.id, &user);
  v1::BatchGetUsersResponse response;
  size_t bytes = 0;
  for (const base::Uuid& id : ids) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) {
      co_return base::MakeError(
          absl::StatusCode::kNotFound, "no such user: " + id.ToString(),
          {.reason = base::Reason::kUserNotFound, .metadata = {{"user_id", id.ToString()}}});
    }
    v1::User& added = *response.add_users();
    GH_CO_RETURN_IF_ERROR(ToProto(*found->second, added));
    bytes += added.ByteSizeLong();
    if (bytes > kMaxPageBytes) co_return BatchTooLarge();
  }
  co_return response;
}

UserService::Result<storage::User> UserService::ReadUser(base::CallContext ctx, base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::User> user,
                         co_await deps_.users.Get(ctx, ctx.principal().tenant_id, id));
  if (!user || user->delete_time) co_return UserNotFound();
  co_return *std::move(user);
}

}  // namespace gatehouse::service
