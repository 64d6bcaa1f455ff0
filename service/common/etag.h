#ifndef GATEHOUSE_SERVICE_COMMON_ETAG_H_
#define GATEHOUSE_SERVICE_COMMON_ETAG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace gatehouse::service {

// The etag of a resource: its version as an opaque quoted string (AIP-154).
std::string MakeEtag(int64_t version);

// OK if `etag` is empty (the caller does not care) or the one of `version`;
// ABORTED, ETAG_MISMATCH otherwise.
absl::Status CheckEtag(std::string_view etag, int64_t version);

// The same answer, for a guarded statement that found another version.
absl::Status EtagMismatch();

// How often a change without an etag is made again from a new reading after
// somebody else's got in between. Each time some other change has succeeded, so of n
// at once the last needs n attempts: more than anybody makes of one resource at a time,
// and the call's deadline ends it before that.
inline constexpr int kMaxChangeAttempts = 1000;

// Whether a change that ended with `status` is to be made again from a new reading: another
// one got in between, and the caller, whose etag was `etag`, does not care which comes first.
bool WasOutrun(const absl::Status& status, std::string_view etag);

// ABORTED, CONFLICT: for when the attempts are used up. `what`: "user".
absl::Status KeptChanging(std::string_view what);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_ETAG_H_
