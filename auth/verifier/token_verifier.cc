#include "auth/verifier/token_verifier.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

// What the cache holds: a verdict by which it is found and forgotten, and what the token says.
struct CheckedToken : Verdict {
  AccessClaims claims;
};

// By which a key is found among what is revoked, beside users and sessions.
base::Uuid IdOfKey(std::string_view key_id) {
  const CredentialDigest digest = DigestOf(key_id);
  std::array<uint8_t, 16> bytes;
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return base::Uuid(bytes);
}

}  // namespace

TokenVerifier::TokenVerifier(const base::Clock& clock, Options options)
    : clock_(clock),
      options_(std::move(options)),
      cache_(options_.max_cached_tokens),
      revocations_(options_.max_revocations),
      keys_(std::make_shared<KeySet>()) {}

absl::StatusOr<std::shared_ptr<const AccessClaims>> TokenVerifier::Verify(std::string_view token) {
  if (token.size() > kMaxAccessTokenBytes) return TokenRefused("the token is too long");
  if (is_closed_) return closed();
  const base::Time now = clock_.Now();
  const CredentialDigest digest = DigestOf(token);
  std::shared_ptr<const Verdict> verdict = cache_.Find(digest, now);
  if (!verdict) {
    GH_ASSIGN_OR_RETURN(verdict, Check(token, digest, now));
  }
  if (options_.when_stale == WhenStale::kRefuse && !KnowsRevocations(now)) {
    return absl::UnavailableError("whether the token was revoked is not known now");
  }
  // Everything in the cache is one.
  const auto& checked = static_cast<const CheckedToken&>(*verdict);
  return std::shared_ptr<const AccessClaims>(std::move(verdict), &checked.claims);
}

absl::StatusOr<std::shared_ptr<const Verdict>> TokenVerifier::Check(std::string_view token,
                                                                    const CredentialDigest& digest,
                                                                    base::Time now) {
  // Before anything is looked at: what is revoked from now on keeps this from being stored.
  const uint64_t ticket = cache_.Ticket();
  GH_ASSIGN_OR_RETURN(const SplitToken parts, SplitAccessToken(token));
  const std::shared_ptr<const KeySet> known = keys();
  if (known->size() == 0) return absl::UnavailableError("no keys are known yet");
  const PublicKey* key = known->Find(parts.header);
  if (key == nullptr) {
    keys_wanted_ = true;
    return TokenRefused("the token's header is not that of any key");
  }
  if (revocations_.IsRevoked(IdOfKey(key->key_id()))) {
    // The set that has it still is an old one.
    keys_wanted_ = true;
    return TokenRefused("the token's key was removed");
  }
  const std::optional<std::string> signature = base::Base64UrlDecode(parts.signature);
  if (!signature || !key->Verify(parts.signed_part, *signature)) {
    return TokenRefused("the signature is wrong");
  }
  auto checked = std::make_shared<CheckedToken>();
  GH_ASSIGN_OR_RETURN(checked->claims, ParseAccessClaims(parts.payload));
  const AccessClaims& claims = checked->claims;
  GH_RETURN_IF_ERROR(CheckAccessClaims(
      claims, {.issuer = options_.issuer, .audience = options_.audience, .leeway = options_.leeway},
      now));
  if (revocations_.IsRevoked(claims.session_id) ||
      revocations_.IsRevoked(claims.user_id, claims.user_epoch)) {
    return TokenRefused("the token was revoked");
  }
  checked->principal = {.kind = base::Principal::Kind::kUser,
                        .tenant_id = claims.tenant_id,
                        .id = claims.user_id,
                        .session_id = claims.session_id};
  checked->expires_at = claims.expires_at;
  checked->stale_at = claims.expires_at;
  cache_.Insert(digest, checked, ticket);
  return checked;
}

void TokenVerifier::SetKeys(std::shared_ptr<const KeySet> keys) {
  bool missed = false;
  {
    base::MutexLock lock(mutex_);
    missed = !keys->HasAllOf(*keys_);
    keys_ = std::move(keys);
  }
  // Then: what is checked from now on is checked by the keys of now.
  if (missed) cache_.InvalidateAll();
}

std::shared_ptr<const KeySet> TokenVerifier::keys() const {
  base::MutexLock lock(mutex_);
  return keys_;
}

void TokenVerifier::SessionRevoked(const base::Uuid& session_id, base::Time drop_after) {
  const base::Time now = clock_.Now();
  // Said again, it is no news, and takes no room.
  if (drop_after <= now || revocations_.IsRevoked(session_id)) return;
  revocations_.Revoke(session_id, drop_after, now);
  cache_.Invalidate(session_id);
}

void TokenVerifier::UserRevoked(const base::Uuid& user_id, int64_t min_epoch,
                                base::Time drop_after) {
  const base::Time now = clock_.Now();
  if (drop_after <= now || revocations_.IsRevoked(user_id, min_epoch - 1)) return;
  revocations_.RevokeBelowEpoch(user_id, min_epoch, drop_after, now);
  cache_.Invalidate(user_id);
}

void TokenVerifier::KeyRemoved(std::string_view key_id, base::Time drop_after) {
  const base::Time now = clock_.Now();
  const base::Uuid id = IdOfKey(key_id);
  if (drop_after <= now || revocations_.IsRevoked(id)) return;
  revocations_.Revoke(id, drop_after, now);
  // Which of them it signed is not known any more.
  cache_.InvalidateAll();
}

void TokenVerifier::TenantClosed(base::Reason why, const std::string& destination) {
  base::ErrorDetails details{.reason = why};
  std::string message = why == base::Reason::kTenantMoved ? "the tenant has moved"
                                                          : "the tenant takes no calls at present";
  if (!destination.empty()) {
    details.metadata = {{"destination", destination}};
    message += " to " + destination;
  }
  base::MutexLock lock(mutex_);
  closed_ = base::MakeError(absl::StatusCode::kUnauthenticated, message, std::move(details));
  is_closed_ = true;
}

absl::Status TokenVerifier::closed() const {
  base::MutexLock lock(mutex_);
  return closed_;
}

bool TokenVerifier::KnowsRevocations(base::Time now) const {
  return known_until_.load() + options_.max_staleness >= options_.steady_now() &&
         revocations_.lost_until() <= now;
}

std::chrono::milliseconds TokenVerifier::staleness() const {
  const base::SteadyTime known = known_until_;
  if (known == base::SteadyTime::min()) return std::chrono::milliseconds::max();
  return std::chrono::duration_cast<std::chrono::milliseconds>(options_.steady_now() - known);
}

}  // namespace gatehouse::auth
