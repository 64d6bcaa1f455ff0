#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_WAL_HISTORY_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_WAL_HISTORY_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"

namespace gatehouse::storage::postgres {

// Where the primary's WAL ended, and when: what tells how old a standby's rows are, however long
// nothing was written, and also when the standby has lost its primary without knowing.
//
// A value without a lock.
class WalHistory {
 public:
  // Ten minutes of one each second. A lag that is longer is shown as that.
  static constexpr size_t kMaxMarks = 600;

  // The primary's WAL ended at `position` at `time`, which is not before that of the last.
  void Add(base::SteadyTime time, int64_t position);

  // What a standby must have replayed to know all that was committed `max_lag` ago. nullopt if
  // the primary was not asked since.
  std::optional<int64_t> NeededFor(base::SteadyTime now, std::chrono::milliseconds max_lag) const;

  // How long ago the primary went beyond `replayed`; at least that, if it was before all that is
  // known. Zero if it has not.
  std::chrono::milliseconds LagOf(int64_t replayed, base::SteadyTime now) const;

 private:
  struct Mark {
    base::SteadyTime time;
    int64_t position;
  };
  // Neither times nor positions go down.
  std::deque<Mark> marks_;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_WAL_HISTORY_H_
