#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_STATS_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_STATS_H_

#include <chrono>
#include <cstdint>

namespace gatehouse::storage::postgres {

// What became of reads that may lag (storage/freshness.h), since the start.
struct StandbyStats {
  uint64_t answered = 0;
  // That the primary answered: the standby was not there, was too far behind, or failed.
  uint64_t away = 0;
  uint64_t behind = 0;
  uint64_t failed = 0;
  // As found last: whether it is asked, and how far behind it is.
  bool usable = false;
  std::chrono::milliseconds lag{0};
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_STATS_H_
