#ifndef GATEHOUSE_AUTH_VERDICT_VERDICT_CACHE_H_
#define GATEHOUSE_AUTH_VERDICT_VERDICT_CACHE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/async/mutex.h"
#include "base/hmac_key.h"
#include "base/memo.h"
#include "base/principal.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// That a credential is good, and whose it is. Immutable once made.
struct Verdict {
  base::Principal principal;
  // Whose end is that of the credential as well, besides its principal and session; nil: nobody's.
  base::Uuid owner_id = {};
  // When the credential itself ends: a token's exp, a key's expiry (max: never).
  base::Time expires_at = base::Time::max();
  // When the verdict is to be made again; never after expires_at.
  base::Time stale_at;
  // What callers are told of it, in the words of the API: as good as the verdict itself.
  base::Memo<std::string> description;
};

// What tells credentials apart in memory: their SHA-256, so that neither a core
// dump nor a debugger shows a token that works, and so that nobody can
// construct two that collide (a cheaper keyed hash would need the whole token
// beside it for comparison, about 600 bytes each).
using CredentialDigest = base::Digest;
CredentialDigest DigestOf(std::string_view credential);

// Verdicts by credential, so that a call with a known one costs no signature check
// and no query. Only good news is kept: a refusal is cheap to make again, and
// must not be forced upon memory by whoever sends garbage.
//
// Bounded: a full cache gives up an entry that was not used lately (CLOCK).
//
// Invalidation is exact in effect and O(1): it writes a sequence number into
// the bucket of an id; an entry counts only if it was looked up after the last
// invalidation of its principal's and session's buckets. A neighbour in the
// bucket merely asks the database once more. The same number closes the race in
// which a verdict read before a revocation would be stored after it.
//
// Thread-safe; one mutex, held for well under a microsecond.
class VerdictCache {
 public:
  // An entry takes about 0.5 KB, one that was described 1 KB: 32 MB when full.
  static constexpr size_t kDefaultMaxEntries = 32 * 1024;

  // How long renewing a verdict may take before another caller is asked to.
  static constexpr std::chrono::seconds kRenewal{2};

  explicit VerdictCache(size_t max_entries = kDefaultMaxEntries);

  // Null unless a verdict is there, not stale and not invalidated. When one has
  // become stale but has not expired, one caller is told so and makes it again;
  // the others use it meanwhile, for kRenewal at most. So the key of a busy
  // service does not send all its calls to the database once a minute.
  std::shared_ptr<const Verdict> Find(const CredentialDigest& digest, base::Time now);

  // Whether a verdict is there, stale or not, that was not invalidated.
  bool Contains(const CredentialDigest& digest, base::Time now) const;

  // Taken before the database is asked.
  uint64_t Ticket() const;
  // Stores what was found since `ticket`. False, and nothing is stored, if its
  // principal or session was invalidated meanwhile: then it has to be asked again.
  bool Insert(const CredentialDigest& digest, std::shared_ptr<const Verdict> verdict,
              uint64_t ticket);

  // Forgets one verdict: its credential was found to be no longer good.
  void Remove(const CredentialDigest& digest);

  // Forgets every verdict of a session, user or API key. Called after the change
  // was committed.
  void Invalidate(const base::Uuid& id);
  // Forgets everything: after the feed of other instances' changes was interrupted.
  void InvalidateAll();

  struct Stats {
    size_t entries = 0;
    size_t capacity = 0;
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t evictions = 0;
  };
  Stats stats() const;

 private:
  // The digest is uniform already: any 8 bytes of it are a hash.
  struct DigestHash {
    size_t operator()(const CredentialDigest& digest) const;
  };
  struct Slot {
    CredentialDigest digest = {};
    std::shared_ptr<const Verdict> verdict;
    uint64_t ticket = 0;
    // The verdict's stale_at, put off while a caller makes it again.
    base::Time stale_at;
    bool used = false;
  };

  static constexpr size_t kBuckets = 4096;

  bool IsFresh(const Verdict& verdict, uint64_t ticket) const GH_REQUIRES(mutex_);
  size_t TakeSlot() GH_REQUIRES(mutex_);
  void Drop(size_t slot) GH_REQUIRES(mutex_);

  const size_t max_entries_;
  mutable base::Mutex mutex_;
  absl::flat_hash_map<CredentialDigest, size_t, DigestHash> index_ GH_GUARDED_BY(mutex_);
  std::vector<Slot> slots_ GH_GUARDED_BY(mutex_);
  std::vector<size_t> free_ GH_GUARDED_BY(mutex_);
  size_t hand_ GH_GUARDED_BY(mutex_) = 0;
  uint64_t sequence_ GH_GUARDED_BY(mutex_) = 0;
  uint64_t all_invalidated_at_ GH_GUARDED_BY(mutex_) = 0;
  std::array<uint64_t, kBuckets> invalidated_at_ GH_GUARDED_BY(mutex_) = {};
  Stats stats_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERDICT_VERDICT_CACHE_H_
