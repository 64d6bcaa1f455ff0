#include "storage/postgres/client/standby/wal_history.h"

#include <algorithm>

namespace gatehouse::storage::postgres {

using std::chrono::milliseconds;

void WalHistory::Add(base::SteadyTime time, int64_t position) {
  // Another primary, which has not all that the one before had.
  if (!marks_.empty() && position < marks_.back().position) marks_.clear();
  marks_.push_back({time, position});
  if (marks_.size() > kMaxMarks) marks_.pop_front();
}

std::optional<int64_t> WalHistory::NeededFor(base::SteadyTime now, milliseconds max_lag) const {
  const auto mark = std::ranges::lower_bound(marks_, now - max_lag, {}, &Mark::time);
  if (mark == marks_.end()) return std::nullopt;
  return mark->position;
}

milliseconds WalHistory::LagOf(int64_t replayed, base::SteadyTime now) const {
  const auto ahead = std::ranges::upper_bound(marks_, replayed, {}, &Mark::position);
  if (ahead == marks_.end()) return milliseconds(0);
  return std::chrono::duration_cast<milliseconds>(now - ahead->time);
}

}  // namespace gatehouse::storage::postgres
