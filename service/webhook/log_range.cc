#include "service/webhook/log_range.h"

#include <algorithm>

#include "base/status.h"
#include "service/common/log_following.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {
namespace {

// The index that a field of the request names, or beside it a time; 0 if neither does.
base::Task<absl::StatusOr<int64_t>> IndexAt(base::CallContext ctx, storage::EventLog* log,
                                            int64_t index, std::optional<base::Time> time) {
  if (!time) co_return index;
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> first,
                         co_await log->FirstSince(ctx, ctx.principal().tenant_id, *time));
  co_return first.value_or(INT64_MAX);
}

}  // namespace

std::optional<base::Time> CheckRangeTime(FieldChecks& checks, std::string_view field, bool given,
                                         const google::protobuf::Timestamp& value, int64_t index) {
  if (!given) return std::nullopt;
  const absl::StatusOr<base::Time> time = TimeFromProto(field, value);
  if (!checks.Check(time.status())) return std::nullopt;
  if (index != 0) checks.Fail(field, "must be left out where the index is given");
  return *time;
}

base::Task<absl::StatusOr<LogRange>> FindRange(base::CallContext ctx, storage::EventLog* log,
                                               AskedRange asked) {
  LogRange range;
  GH_CO_ASSIGN_OR_RETURN(const storage::EventLog::Bounds bounds,
                         co_await log->ReadBounds(ctx, ctx.principal().tenant_id));
  range.begin = bounds.first;
  range.head = bounds.head;
  for (const int64_t index : {asked.from_index, asked.to_index}) {
    if (index != 0 && index < range.begin) co_return BeforeTheLog(index, range.begin);
  }
  GH_CO_ASSIGN_OR_RETURN(range.first,
                         co_await IndexAt(ctx, log, asked.from_index, asked.from_time));
  GH_CO_ASSIGN_OR_RETURN(const int64_t end,
                         co_await IndexAt(ctx, log, asked.to_index, asked.to_time));
  range.last = end == 0 ? range.head : std::min(asked.to_time ? end - 1 : end, range.head);
  co_return range;
}

}  // namespace gatehouse::service
