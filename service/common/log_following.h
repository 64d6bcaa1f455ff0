#ifndef GATEHOUSE_SERVICE_COMMON_LOG_FOLLOWING_H_
#define GATEHOUSE_SERVICE_COMMON_LOG_FOLLOWING_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/log_feed.h"

namespace gatehouse::service {

// What streams that follow the log have in common.

// Well within the 10 seconds that the .proto files promise.
inline constexpr std::chrono::seconds kHeartbeat{8};
// Of one read; with the largest events still some megabytes.
inline constexpr int32_t kEventsPerRead = 100;

// Where to go on if what came is all there is from `next` on and none of it is
// wanted; `next` if there is something to read. `types` as EventLog::ReadRange has them.
int64_t SkipUnwanted(const storage::LogFeed::News& news, const std::vector<std::string>& types,
                     int64_t next);

// OUT_OF_RANGE, INDEX_OUT_OF_RANGE: of a stream that is to begin at `index`.
absl::Status BeyondTheLog(int64_t index, int64_t head);

// OUT_OF_RANGE, INDEX_OUT_OF_RANGE: what is asked for lies before `first`, where the log begins
// since retention took the rest.
absl::Status BeforeTheLog(int64_t index, int64_t first);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_LOG_FOLLOWING_H_
