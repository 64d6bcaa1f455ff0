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

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_ETAG_H_
