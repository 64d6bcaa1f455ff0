#include "storage/postgres/client/client_errors.h"

#include <chrono>
#include <string>

#include "base/status.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using base::Reason;

// A queue of statements drains within this on any healthy server.
constexpr std::chrono::milliseconds kOverloadedDelay{200};

}  // namespace

absl::Status DeadlineError() {
  return base::MakeError(StatusCode::kDeadlineExceeded, "the deadline passed",
                         {.reason = Reason::kDeadline});
}

absl::Status CancelledError() {
  return base::MakeError(StatusCode::kCancelled, "the caller gave up",
                         {.reason = Reason::kCancelled});
}

absl::Status UnavailableError() {
  return base::MakeError(StatusCode::kUnavailable, "the database cannot be reached",
                         {.reason = Reason::kDatabaseUnavailable});
}

absl::Status OutcomeUnknownError() {
  return base::MakeError(StatusCode::kUnavailable,
                         "the connection to the database was lost; whether the change took effect "
                         "is not known",
                         {.reason = Reason::kOutcomeUnknown});
}

absl::Status ShuttingDownError() {
  return base::MakeError(StatusCode::kUnavailable, "the server is stopping",
                         {.reason = Reason::kShuttingDown});
}

absl::Status OverloadedError(std::string_view limit) {
  return base::MakeError(StatusCode::kResourceExhausted, "too many statements wait",
                         {.reason = Reason::kStorageOverloaded,
                          .retry_after = kOverloadedDelay,
                          .quota = std::string(limit)});
}

}  // namespace gatehouse::storage::postgres
