#ifndef GATEHOUSE_BASE_SMALL_FILE_H_
#define GATEHOUSE_BASE_SMALL_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gatehouse::base {

// The whole of a file that somebody wrote by hand, of at most 1 MiB: one that was named by
// mistake is not read whole. INVALID_FIELD about `field`, which named it, if it is larger
// or cannot be read.
absl::StatusOr<std::string> ReadSmallFile(std::string_view field, const std::string& path);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_SMALL_FILE_H_
