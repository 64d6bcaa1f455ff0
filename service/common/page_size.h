#ifndef GATEHOUSE_SERVICE_COMMON_PAGE_SIZE_H_
#define GATEHOUSE_SERVICE_COMMON_PAGE_SIZE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "base/status.h"

namespace gatehouse::service {

inline constexpr int32_t kDefaultPageSize = 50;
inline constexpr int32_t kMaxPageSize = 1000;

// An answer with larger rows ends earlier: it has to stay below the 4 MiB that
// gRPC clients take by default.
inline constexpr size_t kMaxPageBytes = size_t{3} << 20;

// How many rows to return for the field page_size: 0 means the default, more
// than the most means the most, a negative number is INVALID_FIELD.
inline absl::StatusOr<int32_t> PageSize(int32_t requested, int32_t default_size = kDefaultPageSize,
                                        int32_t max_size = kMaxPageSize) {
  if (requested < 0) return base::InvalidField("page_size", "must not be negative");
  return requested == 0 ? default_size : std::min(requested, max_size);
}

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_PAGE_SIZE_H_
