// A login has the password at hand, which is when a hash of other costs, or of another kind, can be
// replaced.

#include <optional>
#include <string>
#include <utility>

#include "auth/password/hash/password_hash.h"
#include "auth/password/password_hasher.h"
#include "auth/password/password_policy.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/common/json.h"
#include "service/session/session_service.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using storage::PasswordUpgrade;
using storage::UserCredentials;

storage::Event UpgradedEvent(const CallContext& ctx, base::Time now, const UserCredentials& user,
                             const PasswordUpgrade& upgrade) {
  const auto kind = [](const std::string& hash) {
    const absl::StatusOr<auth::PasswordHash> parsed = auth::ParsePasswordHash(hash);
    return parsed.ok() ? auth::HashKindName(parsed->cost.kind) : std::string_view();
  };
  storage::Event event = storage::MakeEvent(
      ctx, now, std::string(storage::event_types::kUserPasswordUpgraded),
      {{"user", user.id.ToString(), user.username}},
      JsonObject().Add("from", kind(upgrade.from)).Add("to", kind(upgrade.to)).ToString());
  event.tenant_id = user.tenant_id;
  event.actor = {"user", user.id.ToString(), user.username};
  return event;
}

}  // namespace

SessionService::Result<std::optional<PasswordUpgrade>> SessionService::UpgradeOf(
    CallContext ctx, UserCredentials user, std::string password) {
  if (!deps_.hasher.NeedsRehash(*user.password_hash)) co_return std::nullopt;
  absl::StatusOr<std::string> hash =
      co_await deps_.hasher.Hash(std::move(ctx), *auth::NormalizePassword(password));
  // The password was right: that others wait for theirs does not make it wrong. The next login
  // tries again.
  if (base::HasReason(hash.status(), base::Reason::kHashingOverloaded)) co_return std::nullopt;
  GH_CO_RETURN_IF_ERROR(hash.status());
  co_return PasswordUpgrade{.from = *user.password_hash, .to = *std::move(hash)};
}

base::Task<absl::Status> SessionService::UpgradeBeforeChallenge(CallContext ctx,
                                                                UserCredentials user,
                                                                std::string password) {
  GH_CO_ASSIGN_OR_RETURN(const std::optional<PasswordUpgrade> upgrade,
                         co_await UpgradeOf(ctx, user, std::move(password)));
  if (!upgrade) co_return absl::OkStatus();
  const absl::Status upgraded = co_await deps_.sessions.UpgradePassword(
      ctx, user.tenant_id, user.id, *upgrade,
      {.events = {UpgradedEvent(ctx, deps_.clock.Now(), user, *upgrade)}});
  // The password was changed meanwhile, or another login was first.
  if (base::HasReason(upgraded, base::Reason::kConflict)) co_return absl::OkStatus();
  co_return upgraded;
}

}  // namespace gatehouse::service
