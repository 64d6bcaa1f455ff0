#include "service/user/new_user.h"

#include <string>
#include <vector>

#include "base/uuid.h"
#include "service/user/user_fields.h"

namespace gatehouse::service {
namespace {

constexpr char kDefaultRole[] = "viewer";
constexpr int kVersionByte = 6;

bool IsV7(const base::Uuid& id) { return id.bytes()[kVersionByte] >> 4 == 7; }

}  // namespace

storage::User NewUser(const base::CallContext& ctx, const v1::User& described, std::string_view id,
                      base::Time now, FieldChecks& checks) {
  storage::User user{.tenant_id = ctx.principal().tenant_id,
                     .role = kDefaultRole,
                     .create_time = now,
                     .update_time = now};
  user.id = checks.OptionalUuid("user_id", id);
  if (!user.id.is_nil() && !IsV7(user.id)) checks.Fail("user_id", "is not of version 7");
  if (user.id.is_nil()) user.id = base::Uuid::MakeV7(now);
  const std::vector<std::string> all(kUserFields.begin(), kUserFields.end());
  ApplyUserFields(described, all, user, checks);
  return user;
}

}  // namespace gatehouse::service
