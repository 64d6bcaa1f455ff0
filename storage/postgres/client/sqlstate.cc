#include "storage/postgres/client/sqlstate.h"

#include <chrono>
#include <optional>

#include "base/reason.h"
#include "base/reason_meaning.h"
#include "base/status.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using base::Reason;

constexpr char kConstraint[] = "constraint";
// Raised by gatehouse.require(ok, reason).
constexpr std::string_view kRequireFailed = "GH001";
// Connections come free as other servers let go of them, not at once.
constexpr std::chrono::milliseconds kTooManyConnectionsDelay{1000};

absl::Status Violation(const ServerError& error) {
  const bool unique = error.sqlstate == "23505";
  return base::MakeError(unique ? StatusCode::kAlreadyExists : StatusCode::kFailedPrecondition,
                         unique ? "the value is taken" : "a stored value does not allow the change",
                         {.reason = unique ? Reason::kConflict : Reason::kConstraintViolated,
                          .metadata = {{kConstraint, error.constraint}}});
}

absl::Status RequireFailed(const ServerError& error) {
  const std::optional<Reason> reason = base::ReasonFromName(error.message);
  if (!reason) {
    return base::InternalError("gatehouse.require with an unknown reason: " + error.message);
  }
  return base::MakeError(static_cast<StatusCode>(base::ReasonCode(*reason)),
                         base::ReasonMeaning(*reason), {.reason = *reason});
}

// Every statement is tested against the schema it was written for, so it is another one.
// The metadata are for who runs the server: this is no internal error, which is logged whole.
absl::Status SchemaMismatch(const ServerError& error) {
  return base::MakeError(StatusCode::kFailedPrecondition,
                         "the database schema is older or newer than this server needs. See "
                         "`gatehouse migrate status`, then run: gatehouse migrate up",
                         {.reason = Reason::kSchemaMismatch,
                          .metadata = {{"sqlstate", error.sqlstate}, {"query", error.query}}});
}

absl::Status Unavailable() {
  return base::MakeError(StatusCode::kUnavailable, "the database is not available",
                         {.reason = Reason::kDatabaseUnavailable});
}

}  // namespace

absl::Status ToStatus(const ServerError& error) {
  const std::string_view state = error.sqlstate;
  if (state == kRequireFailed) return RequireFailed(error);
  if (state.starts_with("23")) return Violation(error);
  if (state == "40001" || state == "40P01" || state == "55P03") {
    return base::MakeError(StatusCode::kAborted, "a concurrent change won",
                           {.reason = Reason::kConflict});
  }
  if (state == "57014") {
    return base::MakeError(StatusCode::kDeadlineExceeded, "the statement took too long",
                           {.reason = Reason::kDeadline});
  }
  // 25006 is a write on a standby: the primary has moved.
  if (state.starts_with("08") || state.starts_with("57P0") || state == "25006") {
    return Unavailable();
  }
  // No such table, column, function or schema.
  if (state == "42P01" || state == "42703" || state == "42883" || state == "3F000") {
    return SchemaMismatch(error);
  }
  if (state == "53300") {
    return base::MakeError(StatusCode::kResourceExhausted, "the database has no connection left",
                           {.reason = Reason::kStorageOverloaded,
                            .retry_after = kTooManyConnectionsDelay,
                            .quota = "connections of the database"});
  }
  if (state == "53100") {
    return base::MakeError(StatusCode::kResourceExhausted, "the database has no disk space left",
                           {.reason = Reason::kStorageFull});
  }
  return base::InternalError("SQLSTATE " + error.sqlstate + " in " + error.query + ": " +
                             error.message);
}

std::string ViolatedConstraint(const absl::Status& status) {
  const std::optional<base::ErrorDetails> details = base::GetErrorDetails(status);
  if (!details) return "";
  for (const auto& [key, value] : details->metadata) {
    if (key == kConstraint) return value;
  }
  return "";
}

bool IsUniqueViolation(const absl::Status& status, std::string_view constraint) {
  return status.code() == StatusCode::kAlreadyExists && ViolatedConstraint(status) == constraint;
}

}  // namespace gatehouse::storage::postgres
