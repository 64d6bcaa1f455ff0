#include "service/common/etag.h"

#include "base/status.h"

namespace gatehouse::service {

std::string MakeEtag(int64_t version) { return "\"v" + std::to_string(version) + "\""; }

absl::Status CheckEtag(std::string_view etag, int64_t version) {
  if (etag.empty() || etag == MakeEtag(version)) return absl::OkStatus();
  return EtagMismatch();
}

absl::Status EtagMismatch() {
  return base::MakeError(absl::StatusCode::kAborted,
                         "the resource was changed meanwhile: read it again",
                         {.reason = base::Reason::kEtagMismatch});
}

}  // namespace gatehouse::service
