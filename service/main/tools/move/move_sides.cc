#include "service/main/tools/move/move_sides.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status.h"
#include "migrations/database_check.h"
#include "migrations/schema_state.h"
#include "service/main/config_check.h"

namespace gatehouse::service {
namespace {

using storage::postgres::admin::Connection;

// The same error, which says of which side.
absl::Status Of(const std::string& what, const absl::Status& status) {
  if (status.ok()) return status;
  const std::string message = absl::StrCat(what, ": ", status.message());
  const std::optional<base::ErrorDetails> details = base::GetErrorDetails(status);
  if (!details) return absl::Status(status.code(), message);
  return base::MakeError(status.code(), message, *details);
}

// Whether what `source` made, under either pepper, is taken at the target.
bool TakesTokensOf(const config::Secrets& target, const config::Secrets& source) {
  const auto takes = [&](const std::string& pepper) {
    return pepper == target.token_pepper || pepper == target.accepted_token_pepper;
  };
  return takes(source.token_pepper) &&
         (source.accepted_token_pepper.empty() || takes(source.accepted_token_pepper));
}

}  // namespace

absl::StatusOr<OpenSide> OpenMoveSide(MoveSide side, const std::string& what) {
  const config::DatabaseSettings& database = side.config.database;
  GH_RETURN_IF_ERROR(Of(what, CheckDatabaseSettings(database)));
  GH_RETURN_IF_ERROR(
      Of(what, migrations::CheckDatabaseAndSchema(database.direct(), database.password_file)));
  auto connection = Connection::Open(
      database.direct(),
      {.application_name = "gatehouse tenant move", .password_file = database.password_file});
  if (!connection.ok()) return Of(what, connection.status());
  OpenSide open{.side = std::move(side), .identity = {}, .connection = *std::move(connection)};
  GH_RETURN_IF_ERROR(Of(what, open.moves().RequireOwner()));
  GH_ASSIGN_OR_RETURN(migrations::DatabaseIdentity identity,
                      migrations::IdentifyDatabase(*open.connection));
  open.identity = std::move(identity.database);
  return open;
}

absl::Status CheckPair(const OpenSide& source, const OpenSide& target) {
  if (source.identity == target.identity) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition,
                           "source and target are one database: a tenant moves from one to another",
                           {.reason = base::Reason::kDatabaseUnsuitable});
  }
  const config::AuthSettings& here = source.side.config.auth;
  const config::AuthSettings& there = target.side.config.auth;
  if (!TakesTokensOf(target.side.secrets, source.side.secrets)) {
    return absl::FailedPreconditionError(
        "auth.token_pepper_file holds another secret at the target: sessions, recovery codes and "
        "one-time tokens of the tenant would end. The target needs those of the source, as its own "
        "or as auth.accepted_token_pepper_file");
  }
  if (here.issuer != there.issuer || here.audience != there.audience) {
    return absl::FailedPreconditionError(
        "auth.issuer and auth.audience are not the same at the target, which would refuse access "
        "tokens of the tenant");
  }
  if (!source.side.secrets.accepted_master_key.empty()) {
    return absl::FailedPreconditionError(
        "the master key of the source is being changed (auth.accepted_master_key_file): run "
        "`gatehouse keys reseal` there first, and end the change");
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::service
