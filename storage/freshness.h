#ifndef GATEHOUSE_STORAGE_FRESHNESS_H_
#define GATEHOUSE_STORAGE_FRESHNESS_H_

namespace gatehouse::storage {

// How old the answer to a read may be.
enum class Freshness {
  // It has all that was committed before.
  kNow,
  // It may be as old as database.read_max_lag_ms allows, so that a standby can give it: for lists
  // that people look at, and never for what decides something.
  kMayLag,
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_FRESHNESS_H_
