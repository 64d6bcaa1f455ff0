#ifndef GATEHOUSE_TESTS_SUPPORT_STATUS_STATUS_MATCHERS_H_
#define GATEHOUSE_TESTS_SUPPORT_STATUS_STATUS_MATCHERS_H_

#include <ostream>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/reason.h"
#include "base/status.h"
#include "gmock/gmock.h"

namespace gatehouse::tests {

inline absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

// For an absl::Status or StatusOr: EXPECT_THAT(result, IsOk()).
MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(HasCode, code, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

// The code and the reason go together: both are what callers branch on.
MATCHER_P2(FailsWith, code, reason, "") {
  const absl::Status status = StatusOf(arg);
  *result_listener << status.ToString();
  if (const auto details = base::GetErrorDetails(status)) {
    *result_listener << " with reason " << std::string(base::ReasonName(details->reason));
  }
  return status.code() == code && base::HasReason(status, reason);
}

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_STATUS_STATUS_MATCHERS_H_
