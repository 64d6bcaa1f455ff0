#include "service/common/log_following.h"

#include <string_view>

#include "base/reason.h"
#include "base/status.h"
#include "service/common/event_type.h"

namespace gatehouse::service {
namespace {

bool Selects(const std::vector<std::string>& types, std::string_view type) {
  return types.empty() || MatchesAny(types, type);
}

}  // namespace

int64_t SkipUnwanted(const storage::LogFeed::News& news, const std::vector<std::string>& types,
                     int64_t next) {
  if (news.incomplete) return next;
  int64_t position = next;
  for (const auto& batch : news.batches) {
    if (batch->last_index() < position) continue;
    if (batch->first_index() > position) return next;
    for (const storage::LogEntry& entry : batch->entries) {
      if (entry.index >= position && Selects(types, entry.type)) return next;
    }
    position = batch->last_index() + 1;
  }
  return position;
}

absl::Status BeyondTheLog(int64_t index, int64_t head) {
  return base::MakeError(
      absl::StatusCode::kOutOfRange, "The log ends at index " + std::to_string(head) + ".",
      {.reason = base::Reason::kIndexOutOfRange,
       .metadata = {{"from_index", std::to_string(index)}, {"head_index", std::to_string(head)}}});
}

absl::Status BeforeTheLog(int64_t index, int64_t first) {
  return base::MakeError(
      absl::StatusCode::kOutOfRange, "Events are kept from index " + std::to_string(first) + " on.",
      {.reason = base::Reason::kIndexOutOfRange,
       .metadata = {{"index", std::to_string(index)}, {"first_index", std::to_string(first)}}});
}

}  // namespace gatehouse::service
