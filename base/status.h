#ifndef GATEHOUSE_BASE_STATUS_H_
#define GATEHOUSE_BASE_STATUS_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/reason.h"

namespace gatehouse::base {

// One field of a request that is wrong: google.rpc.BadRequest.FieldViolation.
struct FieldViolation {
  std::string field;        // Path as in the proto, e.g. "user.email".
  std::string description;  // What is wrong and what is allowed.
};

// What an error tells besides its code and message. Carried as a payload of
// absl::Status; only the RPC edge turns it into google.rpc details.
struct ErrorDetails {
  Reason reason;
  // ErrorInfo.metadata: every dynamic value of the message, never a secret.
  std::vector<std::pair<std::string, std::string>> metadata = {};
  std::vector<FieldViolation> violations = {};
  // RetryInfo.retry_delay.
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  // QuotaFailure.Violation.subject: the limit that was hit.
  std::string quota = {};

  friend bool operator==(const ErrorDetails&, const ErrorDetails&);
};

// An error with details. `code` is never kOk.
absl::Status MakeError(absl::StatusCode code, std::string_view message, ErrorDetails details);

// The details of `status`; nullopt for OK and for errors from third parties.
std::optional<ErrorDetails> GetErrorDetails(const absl::Status& status);

// True if `status` carries `reason`.
bool HasReason(const absl::Status& status, Reason reason);

// INVALID_ARGUMENT about one field, with the reason INVALID_FIELD unless a
// more telling one is given.
absl::Status InvalidField(std::string_view field, std::string_view description,
                          Reason reason = Reason::kInvalidField);

// INTERNAL with the reason INTERNAL. `message` is for the log: the edge hides
// it from callers behind an id.
absl::Status InternalError(std::string_view message);

}  // namespace gatehouse::base

// Early return on error, in functions that return Status or StatusOr, and in
// coroutines (GH_CO_). `expr` in the ASSIGN forms is a StatusOr.
#define GH_RETURN_IF_ERROR(expr)                            \
  do {                                                      \
    if (absl::Status gh_status = (expr); !gh_status.ok()) { \
      return gh_status;                                     \
    }                                                       \
  } while (false)

#define GH_CO_RETURN_IF_ERROR(expr)                         \
  do {                                                      \
    if (absl::Status gh_status = (expr); !gh_status.ok()) { \
      co_return gh_status;                                  \
    }                                                       \
  } while (false)

#define GH_CONCAT_INNER(a, b) a##b
#define GH_CONCAT(a, b) GH_CONCAT_INNER(a, b)

#define GH_ASSIGN_OR_RETURN(lhs, expr) \
  GH_ASSIGN_OR_RETURN_IMPL(GH_CONCAT(gh_or_, __LINE__), lhs, expr, return)
#define GH_CO_ASSIGN_OR_RETURN(lhs, expr) \
  GH_ASSIGN_OR_RETURN_IMPL(GH_CONCAT(gh_or_, __LINE__), lhs, expr, co_return)
#define GH_ASSIGN_OR_RETURN_IMPL(name, lhs, expr, ret) \
  auto name = (expr);                                  \
  if (!name.ok()) ret std::move(name).status();        \
  lhs = *std::move(name)

#endif  // GATEHOUSE_BASE_STATUS_H_
