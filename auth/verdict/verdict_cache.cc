#include "auth/verdict/verdict_cache.h"

#include <cstring>
#include <functional>
#include <utility>

namespace gatehouse::auth {
namespace {

size_t BucketOf(const base::Uuid& id, size_t buckets) {
  return std::hash<base::Uuid>()(id) % buckets;
}

}  // namespace

CredentialDigest DigestOf(std::string_view credential) { return base::Sha256Of({credential}); }

size_t VerdictCache::DigestHash::operator()(const CredentialDigest& digest) const {
  size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

VerdictCache::VerdictCache(size_t max_entries) : max_entries_(max_entries) {}

bool VerdictCache::IsFresh(const Verdict& verdict, uint64_t ticket) const {
  return ticket >= all_invalidated_at_ &&
         (verdict.owner_id.is_nil() ||
          ticket >= invalidated_at_[BucketOf(verdict.owner_id, kBuckets)]) &&
         ticket >= invalidated_at_[BucketOf(verdict.principal.id, kBuckets)] &&
         ticket >= invalidated_at_[BucketOf(verdict.principal.session_id, kBuckets)];
}

std::shared_ptr<const Verdict> VerdictCache::Find(const CredentialDigest& digest, base::Time now) {
  base::MutexLock lock(mutex_);
  const auto found = index_.find(digest);
  if (found == index_.end()) {
    ++stats_.misses;
    return nullptr;
  }
  Slot& slot = slots_[found->second];
  if (slot.verdict->expires_at <= now || !IsFresh(*slot.verdict, slot.ticket)) {
    ++stats_.misses;
    Drop(found->second);
    return nullptr;
  }
  if (slot.stale_at <= now) {
    ++stats_.misses;
    slot.stale_at = now + kRenewal;
    return nullptr;
  }
  ++stats_.hits;
  slot.used = true;
  return slot.verdict;
}

bool VerdictCache::Contains(const CredentialDigest& digest, base::Time now) const {
  base::MutexLock lock(mutex_);
  const auto found = index_.find(digest);
  if (found == index_.end()) return false;
  const Slot& slot = slots_[found->second];
  return slot.verdict->expires_at > now && IsFresh(*slot.verdict, slot.ticket);
}

uint64_t VerdictCache::Ticket() const {
  base::MutexLock lock(mutex_);
  return sequence_;
}

bool VerdictCache::Insert(const CredentialDigest& digest, std::shared_ptr<const Verdict> verdict,
                          uint64_t ticket) {
  base::MutexLock lock(mutex_);
  if (!IsFresh(*verdict, ticket)) return false;
  const auto found = index_.find(digest);
  const size_t slot = found != index_.end() ? found->second : TakeSlot();
  if (found == index_.end()) index_.emplace(digest, slot);
  const base::Time stale_at = verdict->stale_at;
  slots_[slot] = {
      .digest = digest, .verdict = std::move(verdict), .ticket = ticket, .stale_at = stale_at};
  return true;
}

void VerdictCache::Remove(const CredentialDigest& digest) {
  base::MutexLock lock(mutex_);
  const auto found = index_.find(digest);
  if (found != index_.end()) Drop(found->second);
}

void VerdictCache::Invalidate(const base::Uuid& id) {
  base::MutexLock lock(mutex_);
  invalidated_at_[BucketOf(id, kBuckets)] = ++sequence_;
}

void VerdictCache::InvalidateAll() {
  base::MutexLock lock(mutex_);
  all_invalidated_at_ = ++sequence_;
}

VerdictCache::Stats VerdictCache::stats() const {
  base::MutexLock lock(mutex_);
  Stats stats = stats_;
  stats.entries = index_.size();
  stats.capacity = max_entries_;
  return stats;
}

size_t VerdictCache::TakeSlot() {
  if (!free_.empty()) {
    const size_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (slots_.size() < max_entries_) {
    slots_.emplace_back();
    return slots_.size() - 1;
  }
  // All are taken, so every slot the hand passes has a verdict.
  while (std::exchange(slots_[hand_].used, false)) hand_ = (hand_ + 1) % slots_.size();
  const size_t victim = hand_;
  hand_ = (hand_ + 1) % slots_.size();
  index_.erase(slots_[victim].digest);
  ++stats_.evictions;
  return victim;
}

void VerdictCache::Drop(size_t slot) {
  index_.erase(slots_[slot].digest);
  slots_[slot] = {};
  free_.push_back(slot);
}

}  // namespace gatehouse::auth
