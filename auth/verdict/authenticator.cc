#include "auth/verdict/authenticator.h"

#include <algorithm>
#include <utility>

#include "auth/api_key/api_key.h"
#include "auth/permission/permissions.h"
#include "base/hash.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// How often a question is asked again because what it was about changed
// meanwhile. After that the answer is given, not cached: it is as good as that
// of a call that came a moment earlier.
constexpr int kMaxAttempts = 3;

// As hard to guess as a signing key.
constexpr size_t kProvenKeyPrefixBytes = 32;

constexpr size_t kIdBytes = 16;

// `permissions` are those of a role that is not built in.
uint64_t PermissionsOf(const std::string& role,
                       const std::optional<std::vector<std::string>>& permissions) {
  return permissions ? KnownPermissions(*permissions) : PermissionsOfRole(role);
}

uint64_t PermissionsOf(const LiveApiKey& key) {
  const uint64_t own = KnownPermissions(key.permissions);
  // Made when its owner may have been permitted more.
  if (!key.owner_id.is_nil()) return own & PermissionsOf(key.owner_role, key.owner_permissions);
  return own;
}

// What is known of a user is kept by this: callers may choose the ids of users, so that two tenants
// may have the same, and one must not end the sessions of the other.
base::Uuid RevocationKey(const base::Uuid& tenant_id, const base::Uuid& user_id) {
  const std::string hash =
      base::Sha256(std::string(tenant_id.bytes()) + std::string(user_id.bytes()));
  return *base::Uuid::FromBytes(std::string_view(hash).substr(0, kIdBytes));
}

}  // namespace

absl::Status Unauthenticated() {
  return base::MakeError(absl::StatusCode::kUnauthenticated,
                         "the call needs valid credentials: authorization: Bearer <access token "
                         "or API key>",
                         {.reason = base::Reason::kUnauthenticated});
}

Authenticator::Authenticator(const AccessTokenCodec& tokens, CredentialStore& store,
                             const base::Clock& clock, Options options)
    : tokens_(tokens),
      store_(store),
      clock_(clock),
      options_(options),
      proven_key_prefix_(base::RandomBytes(kProvenKeyPrefixBytes)),
      cache_(options.max_cached_verdicts) {}

std::shared_ptr<const Verdict> Authenticator::FindCached(std::string_view credential) {
  return FindCached(DigestOf(credential));
}

std::shared_ptr<const Verdict> Authenticator::FindCached(const CredentialDigest& digest) {
  return RevocationsAreKnown() ? cache_.Find(digest, clock_.Now()) : nullptr;
}

bool Authenticator::WasGood(std::string_view credential) const {
  return cache_.Contains(DigestOf(credential), clock_.Now());
}

base::Task<Authenticator::VerdictOr> Authenticator::Authenticate(base::CallContext context,
                                                                 std::string credential,
                                                                 Freshness freshness) {
  const CredentialDigest digest = DigestOf(credential);
  if (freshness == Freshness::kCached) {
    if (auto verdict = FindCached(digest)) co_return verdict;
  }
  for (int attempt = 1;; ++attempt) {
    const uint64_t ticket = cache_.Ticket();
    VerdictOr verdict = co_await LookUp(context, credential);
    if (!verdict.ok()) {
      if (absl::IsUnauthenticated(verdict.status())) cache_.Remove(digest);
      co_return verdict;
    }
    if (cache_.Insert(digest, *verdict, ticket) || attempt == kMaxAttempts) co_return verdict;
  }
}

base::Task<Authenticator::VerdictOr> Authenticator::LookUp(base::CallContext context,
                                                           std::string credential) {
  if (credential.starts_with(proven_key_prefix_)) {
    return LookUpProvenApiKey(std::move(context), std::move(credential));
  }
  if (LooksLikeApiKey(credential)) {
    return LookUpApiKey(std::move(context), std::move(credential));
  }
  return LookUpSession(std::move(context), std::move(credential));
}

base::Task<Authenticator::VerdictOr> Authenticator::LookUpSession(base::CallContext context,
                                                                  std::string token) {
  absl::StatusOr<AccessClaims> claims = tokens_.Verify(token);
  if (!claims.ok()) co_return Unauthenticated();
  if (revocations_.IsRevoked(claims->session_id) ||
      revocations_.IsRevoked(RevocationKey(claims->tenant_id, claims->user_id),
                             claims->user_epoch)) {
    co_return Unauthenticated();
  }
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<LiveSession> session,
      co_await store_.FindLiveSession(context, claims->tenant_id, claims->session_id));
  if (!session || session->user_id != claims->user_id || claims->user_epoch < session->user_epoch) {
    co_return Unauthenticated();
  }
  auto verdict = std::make_shared<Verdict>();
  verdict->principal = {.kind = base::Principal::Kind::kUser,
                        .tenant_id = claims->tenant_id,
                        .id = claims->user_id,
                        .name = session->username,
                        .session_id = claims->session_id,
                        .roles = {session->role},
                        .permissions = PermissionsOf(session->role, session->role_permissions),
                        .auth_time = claims->auth_time,
                        .amr = std::move(claims->amr)};
  verdict->expires_at = std::min(claims->expires_at, session->expires_at);
  verdict->stale_at = verdict->expires_at;
  if (verdict->expires_at <= clock_.Now()) co_return Unauthenticated();
  co_return verdict;
}

base::Task<Authenticator::VerdictOr> Authenticator::LookUpApiKey(base::CallContext context,
                                                                 std::string key) {
  const std::optional<ParsedApiKey> parsed = ParseApiKey(key);
  if (!parsed) co_return Unauthenticated();
  GH_CO_ASSIGN_OR_RETURN(const std::optional<LiveApiKey> found,
                         co_await store_.FindLiveApiKey(context, parsed->tenant_id, parsed->hash));
  co_return VerdictOf(parsed->tenant_id, found);
}

base::Task<Authenticator::VerdictOr> Authenticator::LookUpProvenApiKey(base::CallContext context,
                                                                       std::string credential) {
  const std::string_view ids = std::string_view(credential).substr(proven_key_prefix_.size());
  const std::optional<base::Uuid> tenant_id = base::Uuid::FromBytes(ids.substr(0, kIdBytes));
  const std::optional<base::Uuid> id =
      base::Uuid::FromBytes(ids.substr(std::min(kIdBytes, ids.size())));
  if (!tenant_id || !id) co_return Unauthenticated();
  GH_CO_ASSIGN_OR_RETURN(const std::optional<LiveApiKey> found,
                         co_await store_.FindLiveApiKeyById(context, *tenant_id, *id));
  co_return VerdictOf(*tenant_id, found);
}

Authenticator::VerdictOr Authenticator::VerdictOf(const base::Uuid& tenant_id,
                                                  const std::optional<LiveApiKey>& found) const {
  const base::Time now = clock_.Now();
  if (!found || revocations_.IsRevoked(found->api_key_id) ||
      (found->expires_at && *found->expires_at <= now)) {
    return Unauthenticated();
  }
  auto verdict = std::make_shared<Verdict>();
  verdict->principal = {.kind = base::Principal::Kind::kApiKey,
                        .tenant_id = tenant_id,
                        .id = found->api_key_id,
                        .name = found->display_name,
                        .permissions = PermissionsOf(*found)};
  verdict->owner_id = found->owner_id;
  verdict->expires_at = found->expires_at.value_or(base::Time::max());
  verdict->stale_at = std::min(verdict->expires_at, now + options_.api_key_verdict_lifetime);
  return verdict;
}

std::string Authenticator::CredentialOfApiKey(const base::Uuid& tenant_id,
                                              const base::Uuid& api_key_id) const {
  return proven_key_prefix_ + std::string(tenant_id.bytes()) + std::string(api_key_id.bytes());
}

base::Time Authenticator::LastTokenDead() const {
  const AccessTokenCodec::Options& tokens = tokens_.options();
  return clock_.Now() + tokens.lifetime + tokens.leeway;
}

void Authenticator::SessionRevoked(const base::Uuid& session_id) {
  revocations_.Revoke(session_id, LastTokenDead(), clock_.Now());
  cache_.Invalidate(session_id);
}

void Authenticator::UserRevoked(const base::Uuid& tenant_id, const base::Uuid& user_id,
                                int64_t min_epoch) {
  revocations_.RevokeBelowEpoch(RevocationKey(tenant_id, user_id), min_epoch, LastTokenDead(),
                                clock_.Now());
  cache_.Invalidate(user_id);
}

void Authenticator::ApiKeyRevoked(const base::Uuid& api_key_id) {
  revocations_.Revoke(api_key_id, LastTokenDead(), clock_.Now());
  cache_.Invalidate(api_key_id);
}

void Authenticator::Forget(const base::Uuid& id) { cache_.Invalidate(id); }

void Authenticator::InvalidateAll() { cache_.InvalidateAll(); }

void Authenticator::RevocationsKnownUntil(base::SteadyTime time) { known_until_ = time; }

bool Authenticator::RevocationsAreKnown() const {
  return std::chrono::steady_clock::now() - known_until_.load() <= options_.max_revocation_lag;
}

}  // namespace gatehouse::auth
