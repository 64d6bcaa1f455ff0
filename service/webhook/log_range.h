#ifndef GATEHOUSE_SERVICE_WEBHOOK_LOG_RANGE_H_
#define GATEHOUSE_SERVICE_WEBHOOK_LOG_RANGE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/common/validate.h"
#include "storage/event_log/event_log.h"

namespace google::protobuf {
class Timestamp;
}

namespace gatehouse::service {

// A stretch of the log, as a request names it: each end by index or by time.
struct AskedRange {
  int64_t from_index = 0;
  int64_t to_index = 0;
  std::optional<base::Time> from_time = std::nullopt;
  std::optional<base::Time> to_time = std::nullopt;
};

// The time in `value` if it is `given`; what is wrong goes to `checks`, also that `index` is given
// beside it.
std::optional<base::Time> CheckRangeTime(FieldChecks& checks, std::string_view field, bool given,
                                         const google::protobuf::Timestamp& value, int64_t index);

// Of a request with the fields from_index, to_index, from_time and to_time.
template <typename Request>
AskedRange CheckRange(FieldChecks& checks, const Request& request) {
  if (request.from_index() < 0) checks.Fail("from_index", "must not be negative");
  if (request.to_index() < 0) checks.Fail("to_index", "must not be negative");
  return {.from_index = request.from_index(),
          .to_index = request.to_index(),
          .from_time = CheckRangeTime(checks, "from_time", request.has_from_time(),
                                      request.from_time(), request.from_index()),
          .to_time = CheckRangeTime(checks, "to_time", request.has_to_time(), request.to_time(),
                                    request.to_index())};
}

struct LogRange {
  // 0 if nothing was asked for, INT64_MAX for a time beyond the end of the log.
  int64_t first = 0;
  // At most `head`.
  int64_t last = 0;
  // The end of the log.
  int64_t head = 0;
  // Its beginning: what came before it was kept for long enough.
  int64_t begin = 1;
};

// Where that is in the log of the caller's tenant. OUT_OF_RANGE, INDEX_OUT_OF_RANGE for an index
// before what is kept.
base::Task<absl::StatusOr<LogRange>> FindRange(base::CallContext ctx, storage::EventLog* log,
                                               AskedRange asked);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_LOG_RANGE_H_
