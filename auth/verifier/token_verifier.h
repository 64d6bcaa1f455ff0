#ifndef GATEHOUSE_AUTH_VERIFIER_TOKEN_VERIFIER_H_
#define GATEHOUSE_AUTH_VERIFIER_TOKEN_VERIFIER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/token/access_claims.h"
#include "auth/verdict/revocation_set.h"
#include "auth/verdict/verdict_cache.h"
#include "auth/verifier/key_set.h"
#include "base/async/mutex.h"
#include "base/reason.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// Judges access tokens in memory, by keys and revocations that somebody else keeps up to date
// (Verifier). Waits for nothing: a token that was seen before costs a SHA-256 and a look-up,
// another one a signature.
//
// Bounded: tokens and revocations have a number each. A full cache forgets tokens that were not
// used lately; a revocation for which there was no room makes all answers uncertain, as if the
// server could not be reached, until it would have been dropped.
//
// Thread-safe.
class TokenVerifier {
 public:
  enum class WhenStale {
    // Who cannot be told from one that was revoked is not let in: UNAVAILABLE.
    kRefuse,
    // Tokens are good until they expire, as those of other issuers are.
    kAccept,
  };
  using SteadyNow = base::SteadyTime (*)();

  struct Options {
    // The tenant's issuer, which is auth.issuer of the server or below it (docs/verifying.md), and
    // auth.audience.
    std::string issuer = "gatehouse";
    std::string audience = "gatehouse";
    // How far ahead the clock of who signed may be.
    std::chrono::seconds leeway{30};
    // Revocations may be known no later than this long ago. Heartbeats come each second.
    std::chrono::milliseconds max_staleness{5'000};
    WhenStale when_stale = WhenStale::kRefuse;
    // About 1 KB each.
    size_t max_cached_tokens = 32 * 1024;
    // About 64 bytes each.
    size_t max_revocations = 1024 * 1024;
    SteadyNow steady_now = [] { return std::chrono::steady_clock::now(); };
  };

  // `clock` outlives it.
  TokenVerifier(const base::Clock& clock, Options options);

  // What the token says, if it is genuine, live and not revoked. UNAUTHENTICATED if not, whatever
  // is wrong with it; the message is for logs. UNAVAILABLE if that is not known: without keys,
  // which a Verifier has soon after its start, or when revocations are not known (kRefuse). While
  // the tenant takes no calls every token is refused, UNAUTHENTICATED with the reason TENANT_FROZEN
  // or TENANT_MOVED (base::HasReason); they may be good again later.
  absl::StatusOr<std::shared_ptr<const AccessClaims>> Verify(std::string_view token);

  // For who keeps it up to date. The keys that there are now: what others signed is refused at
  // once.
  void SetKeys(std::shared_ptr<const KeySet> keys);
  void SessionRevoked(const base::Uuid& session_id, base::Time drop_after);
  void UserRevoked(const base::Uuid& user_id, int64_t min_epoch, base::Time drop_after);
  // Removed from the server's keys: what it signed is refused at once, and so it is while a key set
  // has it still.
  void KeyRemoved(std::string_view key_id, base::Time drop_after);
  // The tenant takes no calls until it is opened. `why`: TENANT_FROZEN or TENANT_MOVED, with where
  // to (may be empty).
  void TenantClosed(base::Reason why, const std::string& destination);
  void TenantOpened() { is_closed_ = false; }
  // Whether keys are of no use now.
  bool is_closed() const { return is_closed_; }
  // Everything that was revoked before was told.
  void RevocationsKnownUntil(base::SteadyTime time) { known_until_ = time; }

  // Whether a token came, since the last call of this, that may be signed by a key that is not
  // known yet.
  bool TakeKeysWanted() { return keys_wanted_.exchange(false); }

  // How long ago it was that revocations were known; max() if they never were.
  std::chrono::milliseconds staleness() const;
  VerdictCache::Stats cache_stats() const { return cache_.stats(); }
  size_t revocation_count() const { return revocations_.size(); }

 private:
  std::shared_ptr<const KeySet> keys() const;
  absl::StatusOr<std::shared_ptr<const Verdict>> Check(std::string_view token,
                                                       const CredentialDigest& digest,
                                                       base::Time now);
  bool KnowsRevocations(base::Time now) const;
  absl::Status closed() const;

  const base::Clock& clock_;
  const Options options_;
  VerdictCache cache_;
  RevocationSet revocations_;
  std::atomic<base::SteadyTime> known_until_ = base::SteadyTime::min();
  std::atomic<bool> keys_wanted_ = false;
  std::atomic<bool> is_closed_ = false;
  mutable base::Mutex mutex_;
  std::shared_ptr<const KeySet> keys_ GH_GUARDED_BY(mutex_);
  // What every token is answered with while the tenant is closed.
  absl::Status closed_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERIFIER_TOKEN_VERIFIER_H_
