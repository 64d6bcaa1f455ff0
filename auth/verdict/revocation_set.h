#ifndef GATEHOUSE_AUTH_VERDICT_REVOCATION_SET_H_
#define GATEHOUSE_AUTH_VERDICT_REVOCATION_SET_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "base/async/mutex.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// What was revoked within the lifetime of an access token: exact, without false
// positives, and tiny, since an entry is of no use once every token it
// concerns has expired. A token found here is refused without a query.
//
// The database remains the authority: an entry given up early because the set is full
// costs a query, never a wrong answer.
//
// Thread-safe.
class RevocationSet {
 public:
  // About 64 bytes each: 8 MB when full, a revocation rate of 430/s over 5 minutes.
  static constexpr size_t kDefaultMaxEntries = 128 * 1024;

  explicit RevocationSet(size_t max_entries = kDefaultMaxEntries);

  // A session or an API key, for good. `drop_after` is when the last token it concerns
  // has expired.
  void Revoke(const base::Uuid& id, base::Time drop_after, base::Time now);
  // Every token of the user whose epoch (claim `uep`) is lower than `min_epoch`.
  void RevokeBelowEpoch(const base::Uuid& user_id, int64_t min_epoch, base::Time drop_after,
                        base::Time now);

  bool IsRevoked(const base::Uuid& id) const;
  bool IsRevoked(const base::Uuid& user_id, int64_t epoch) const;

  // Something was given up early that would have counted until then. For who has no database to
  // ask. Time::min(): nothing was.
  base::Time lost_until() const;
  // How many entries were given up early since the start.
  uint64_t evictions() const;

  size_t size() const;
  size_t capacity() const { return max_entries_; }

 private:
  struct Entry {
    // Epochs below this are revoked; max for sessions and keys: all.
    int64_t min_epoch = 0;
    base::Time drop_after;
  };
  struct Expiry {
    base::Time drop_after;
    base::Uuid id;
  };

  void Purge(base::Time now) GH_REQUIRES(mutex_);

  const size_t max_entries_;
  mutable base::Mutex mutex_;
  absl::flat_hash_map<base::Uuid, Entry> entries_ GH_GUARDED_BY(mutex_);
  // In order of insertion, which is about that of expiry.
  std::deque<Expiry> expiries_ GH_GUARDED_BY(mutex_);
  base::Time lost_until_ GH_GUARDED_BY(mutex_) = base::Time::min();
  uint64_t evictions_ GH_GUARDED_BY(mutex_) = 0;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERDICT_REVOCATION_SET_H_
