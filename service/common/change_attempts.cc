#include "service/common/change_attempts.h"

#include <string>

#include "base/status.h"

namespace gatehouse::service {

bool ChangeAttempts::Outrun(const absl::Status& status, base::Reason by) const {
  return any_version_ && base::HasReason(status, by);
}

absl::Status ChangeAttempts::KeptChanging(std::string_view what) {
  return base::MakeError(absl::StatusCode::kAborted,
                         "others kept changing the " + std::string(what) + "; try again",
                         {.reason = base::Reason::kConflict});
}

}  // namespace gatehouse::service
