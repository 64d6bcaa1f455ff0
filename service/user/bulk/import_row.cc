#include "service/user/bulk/import_row.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/password/hash/password_hash.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/user/user_fields.h"

namespace gatehouse::service {
namespace {

// A time at which something was, elsewhere.
std::optional<base::Time> PastTime(std::string_view field, bool given,
                                   const google::protobuf::Timestamp& value, base::Time now,
                                   FieldChecks& checks) {
  if (!given) return std::nullopt;
  const absl::StatusOr<base::Time> time = TimeFromProto(field, value);
  if (!checks.Check(time.status())) return std::nullopt;
  if (*time > now) {
    checks.Fail(field, "lies in the future");
    return std::nullopt;
  }
  return *time;
}

}  // namespace

absl::StatusOr<storage::NewUser> ReadImportedUser(const base::Uuid& tenant_id,
                                                  const v1::ImportedUser& proto, base::Time now) {
  FieldChecks checks;
  const v1::User& given = proto.user();
  storage::NewUser row{.user = NewUserOf(tenant_id, given, proto.user_id(), now, checks),
                       .password_hash = std::nullopt};
  storage::User& user = row.user;
  user.create_time =
      PastTime("user.create_time", given.has_create_time(), given.create_time(), now, checks)
          .value_or(now);
  user.email_verified_time = PastTime("user.email_verified_time", given.has_email_verified_time(),
                                      given.email_verified_time(), now, checks);
  if (user.email_verified_time && given.email().empty()) {
    checks.Fail("user.email_verified_time", "there is no address that was verified");
  }
  user.last_login_time = PastTime("user.last_login_time", given.has_last_login_time(),
                                  given.last_login_time(), now, checks);
  if (!proto.password_hash().empty() &&
      checks.Check(auth::ParsePasswordHash(proto.password_hash()).status())) {
    row.password_hash = proto.password_hash();
  }
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return row;
}

void ToProto(int64_t row, const absl::Status& status, v1::ImportFailure& out) {
  out.set_row(row);
  out.set_message(std::string(status.message()));
  const std::optional<base::ErrorDetails> details = base::GetErrorDetails(status);
  if (!details) return;
  out.set_reason(std::string(base::ReasonName(details->reason)));
  for (const base::FieldViolation& violation : details->violations) {
    v1::ImportFieldViolation& added = *out.add_violations();
    added.set_field(violation.field);
    added.set_description(violation.description);
  }
}

}  // namespace gatehouse::service
