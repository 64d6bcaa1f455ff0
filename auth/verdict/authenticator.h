#ifndef GATEHOUSE_AUTH_VERDICT_AUTHENTICATOR_H_
#define GATEHOUSE_AUTH_VERDICT_AUTHENTICATOR_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/token/access_token.h"
#include "auth/verdict/credential_store.h"
#include "auth/verdict/revocation_set.h"
#include "auth/verdict/verdict_cache.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"

namespace gatehouse::auth {

// How sure an answer must be.
enum class Freshness {
  // The cache of this instance: revocations made here count at once.
  kCached,
  // The database is asked.
  kDatabase,
};

// The one answer to every credential that is not good, whatever is wrong with it.
absl::Status Unauthenticated();

// Says whose an access token or API key is. 0 statements if the cache knows,
// 1 otherwise, 0 for what is malformed, forged, expired or known to be revoked.
//
// Thread-safe; a call resumes on its own loop. Outlives the calls.
class Authenticator {
 public:
  struct Options {
    size_t max_cached_verdicts = VerdictCache::kDefaultMaxEntries;
    // API keys are looked up again this often, which also keeps their
    // last_used_time to the minute.
    std::chrono::seconds api_key_verdict_lifetime = std::chrono::seconds(60);
    // Verdicts in memory count only while this instance knows what others had revoked
    // this long ago: RevocationsKnownUntil.
    std::chrono::milliseconds max_revocation_lag = std::chrono::seconds(1);
  };

  // All outlive the authenticator.
  Authenticator(const AccessTokenCodec& tokens, CredentialStore& store, const base::Clock& clock,
                Options options);

  // Null if only Authenticate can tell, to be called with kDatabase then: a caller that
  // gets null may be the one that is expected to renew a stale verdict. Costs a
  // SHA-256 and a map lookup.
  std::shared_ptr<const Verdict> FindCached(std::string_view credential);

  // Whether it was good when the database was asked last, and nothing known here has ended
  // it since. FindCached may be null all the same: this is no verdict, but tells who is
  // known from who guesses.
  bool WasGood(std::string_view credential) const;

  // UNAUTHENTICATED (always the same) for a credential that is not good; other
  // codes mean that the question could not be answered. Never null.
  base::Task<absl::StatusOr<std::shared_ptr<const Verdict>>> Authenticate(
      base::CallContext context, std::string credential, Freshness freshness = Freshness::kCached);

  // What to ask the other methods about a caller that has proven by a certificate that it may call
  // as this API key of that tenant. Nobody can send it, or find it out.
  std::string CredentialOfApiKey(const base::Uuid& tenant_id, const base::Uuid& api_key_id) const;

  // To be called after the change was committed and before it is answered; from then
  // on this instance refuses what was revoked. Also for changes of other instances.
  void SessionRevoked(const base::Uuid& session_id);
  void UserRevoked(const base::Uuid& tenant_id, const base::Uuid& user_id, int64_t min_epoch);
  void ApiKeyRevoked(const base::Uuid& api_key_id);
  // Nothing is revoked, but what verdicts say of this user, session or API key may have changed (a
  // name): the next call with one of its credentials asks the database.
  void Forget(const base::Uuid& id);
  // Every next call asks the database: what a role permits has changed, and
  // with it verdicts nobody counts.
  void InvalidateAll();

  // Everything that any instance revoked before `time` was told here by the methods
  // above. Once this was called, it has to be called again and again: when what is
  // known becomes older than max_revocation_lag, every call asks the database.
  void RevocationsKnownUntil(base::SteadyTime time);
  // SteadyTime::max() before the first call: nobody else revokes.
  base::SteadyTime revocations_known_until() const { return known_until_; }
  // Whether verdicts in memory count.
  bool RevocationsAreKnown() const;

  VerdictCache::Stats cache_stats() const { return cache_.stats(); }
  size_t revocation_count() const { return revocations_.size(); }
  size_t revocation_capacity() const { return revocations_.capacity(); }
  uint64_t revocation_evictions() const { return revocations_.evictions(); }

 private:
  using VerdictOr = absl::StatusOr<std::shared_ptr<const Verdict>>;

  std::shared_ptr<const Verdict> FindCached(const CredentialDigest& digest);
  base::Task<VerdictOr> LookUp(base::CallContext context, std::string credential);
  base::Task<VerdictOr> LookUpSession(base::CallContext context, std::string token);
  base::Task<VerdictOr> LookUpApiKey(base::CallContext context, std::string key);
  base::Task<VerdictOr> LookUpProvenApiKey(base::CallContext context, std::string credential);
  // UNAUTHENTICATED unless the key is live.
  VerdictOr VerdictOf(const base::Uuid& tenant_id, const std::optional<LiveApiKey>& found) const;

  // When the last token that exists now has expired, by any instance's clock.
  base::Time LastTokenDead() const;

  const AccessTokenCodec& tokens_;
  CredentialStore& store_;
  const base::Clock& clock_;
  const Options options_;
  // Begins the credentials of CredentialOfApiKey. Random.
  const std::string proven_key_prefix_;
  VerdictCache cache_;
  RevocationSet revocations_;
  std::atomic<base::SteadyTime> known_until_ = base::SteadyTime::max();
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERDICT_AUTHENTICATOR_H_
