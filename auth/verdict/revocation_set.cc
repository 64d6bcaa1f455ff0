#include "auth/verdict/revocation_set.h"

#include <algorithm>
#include <limits>

namespace gatehouse::auth {

RevocationSet::RevocationSet(size_t max_entries) : max_entries_(max_entries) {}

void RevocationSet::Revoke(const base::Uuid& id, base::Time drop_after, base::Time now) {
  RevokeBelowEpoch(id, std::numeric_limits<int64_t>::max(), drop_after, now);
}

void RevocationSet::RevokeBelowEpoch(const base::Uuid& user_id, int64_t min_epoch,
                                     base::Time drop_after, base::Time now) {
  base::MutexLock lock(mutex_);
  Purge(now);
  Entry& entry = entries_[user_id];
  entry.min_epoch = std::max(entry.min_epoch, min_epoch);
  entry.drop_after = std::max(entry.drop_after, drop_after);
  expiries_.push_back({drop_after, user_id});
}

bool RevocationSet::IsRevoked(const base::Uuid& id) const {
  return IsRevoked(id, std::numeric_limits<int64_t>::max() - 1);
}

bool RevocationSet::IsRevoked(const base::Uuid& user_id, int64_t epoch) const {
  base::MutexLock lock(mutex_);
  const auto found = entries_.find(user_id);
  return found != entries_.end() && epoch < found->second.min_epoch;
}

base::Time RevocationSet::lost_until() const {
  base::MutexLock lock(mutex_);
  return lost_until_;
}

uint64_t RevocationSet::evictions() const {
  base::MutexLock lock(mutex_);
  return evictions_;
}

size_t RevocationSet::size() const {
  base::MutexLock lock(mutex_);
  return entries_.size();
}

void RevocationSet::Purge(base::Time now) {
  while (!expiries_.empty() &&
         (expiries_.front().drop_after <= now || expiries_.size() >= max_entries_)) {
    const auto found = entries_.find(expiries_.front().id);
    // A later revocation of the same id has an expiry of its own.
    if (found != entries_.end() && found->second.drop_after <= expiries_.front().drop_after) {
      if (found->second.drop_after > now) {
        lost_until_ = std::max(lost_until_, found->second.drop_after);
        ++evictions_;
      }
      entries_.erase(found);
    }
    expiries_.pop_front();
  }
}

}  // namespace gatehouse::auth
