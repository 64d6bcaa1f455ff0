#ifndef GATEHOUSE_SERVICE_COMMON_CHANGE_ATTEMPTS_H_
#define GATEHOUSE_SERVICE_COMMON_CHANGE_ATTEMPTS_H_

#include <string_view>

#include "absl/status/status.h"
#include "base/reason.h"

namespace gatehouse::service {

// Makes a change from what was read, and again from a new reading after somebody else's
// got in between: unless the caller gave an etag, it does not care which comes first.
//
//   for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
//     ... read, check, compute ...
//     const absl::Status updated = co_await store.Update(...);
//     if (attempts.Outrun(updated)) continue;
//     GH_CO_RETURN_IF_ERROR(updated);
//     co_return response;
//   }
//   co_return ChangeAttempts::KeptChanging("user");
//
// Lives in one call.
class ChangeAttempts {
 public:
  // Each time some other change has succeeded, so of n at once the last needs n
  // attempts: more than anybody makes of one resource at a time, and the call's deadline
  // ends it before that.
  static constexpr int kMax = 1000;

  explicit ChangeAttempts(std::string_view etag) : any_version_(etag.empty()) {}

  // Whether to make an attempt; counts it.
  bool Next() { return ++made_ <= kMax; }

  // Whether a change that ended with `status` is to be made again; `by`: how the store says that
  // somebody else's was first.
  bool Outrun(const absl::Status& status, base::Reason by = base::Reason::kEtagMismatch) const;

  // ABORTED, CONFLICT: for when the attempts are used up. `what`: "user".
  static absl::Status KeptChanging(std::string_view what);

 private:
  const bool any_version_;
  int made_ = 0;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_CHANGE_ATTEMPTS_H_
