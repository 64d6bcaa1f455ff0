#include "service/user/bulk/user_purger.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "service/common/json.h"
#include "service/user/bulk/account_purge.h"
#include "service/user/bulk/event_erasure.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Task;
using storage::UserPurge;
namespace event_types = storage::event_types;

// Of one step.
constexpr int64_t kUsersAtOnce = 100;
constexpr int64_t kSessionsAtOnce = 1'000;
constexpr int64_t kEventsAtOnce = 100;
// What a step may take: none begins with less time left.
constexpr auto kStepTime = std::chrono::seconds(5);

bool HasTime(const CallContext& ctx) {
  return ctx.deadline() - std::chrono::steady_clock::now() > kStepTime;
}

// Others did it meanwhile: nothing is wrong.
bool IsOutrun(const absl::Status& status) {
  return base::HasReason(status, base::Reason::kConflict) ||
         base::HasReason(status, base::Reason::kEtagMismatch);
}

storage::Event PurgeEvent(const CallContext& ctx, base::Time now, std::string_view type,
                          const base::Uuid& user_id, std::string details_json) {
  return storage::MakeEvent(ctx, now, std::string(type), {{"user", user_id.ToString(), ""}},
                            std::move(details_json));
}

Task<absl::Status> PurgeAccount(UserPurgeDeps deps, CallContext ctx, UserPurge purge) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::User> user,
                         co_await deps.users.Get(ctx, ctx.principal().tenant_id, purge.user_id));
  const base::Time now = deps.clock.Now();
  if (!user || !user->purge_time || *user->purge_time > now) co_return absl::OkStatus();
  storage::Change change{.events = {PurgeEvent(ctx, now, event_types::kUserPurged, user->id,
                                               JsonObject().Add("by", "TIME").ToString())}};
  const absl::StatusOr<std::vector<base::Uuid>> purged =
      co_await PurgeAccountWithKeys({.purges = deps.purges, .api_keys = deps.api_keys}, ctx,
                                    *std::move(user), purge.erase, now, std::move(change));
  if (IsOutrun(purged.status())) co_return absl::OkStatus();
  co_return purged.status();
}

// Those of all users who are due: they share a list.
Task<absl::Status> PurgeThreads(UserPurgeDeps deps, CallContext ctx) {
  bool more = true;
  while (more && HasTime(ctx)) {
    GH_CO_ASSIGN_OR_RETURN(
        more, co_await deps.threads.Purge(ctx, ctx.principal().tenant_id, deps.clock.Now()));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> PurgeSessions(UserPurgeDeps deps, CallContext ctx, base::Uuid user_id) {
  int64_t deleted = kSessionsAtOnce;
  while (deleted == kSessionsAtOnce && HasTime(ctx)) {
    GH_CO_ASSIGN_OR_RETURN(deleted, co_await deps.purges.DeleteSessions(
                                        ctx, ctx.principal().tenant_id, user_id, kSessionsAtOnce));
  }
  co_return absl::OkStatus();
}

// Whether no event names the user any more; counts in `purge`.
Task<absl::StatusOr<bool>> EraseFromLog(UserPurgeDeps deps, CallContext ctx, UserPurge* purge) {
  const std::vector<std::string> kept = {std::string(event_types::kUserErased),
                                         std::string(event_types::kUserErasureFinished)};
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const std::string user_id = purge->user_id.ToString();
  while (HasTime(ctx)) {
    GH_CO_ASSIGN_OR_RETURN(
        const std::vector<storage::SecretEvent> events,
        co_await deps.purges.ListEvents(ctx, tenant_id, purge->user_id, kept, kEventsAtOnce));
    if (events.empty()) co_return true;
    std::vector<storage::EventErasure> erasures;
    for (const storage::SecretEvent& event : events) {
      erasures.push_back(ErasureOf(event, user_id));
    }
    const auto count = static_cast<int64_t>(erasures.size());
    const absl::Status erased =
        co_await deps.purges.EraseEvents(ctx, tenant_id, purge->user_id, std::move(erasures));
    if (IsOutrun(erased)) continue;
    GH_CO_RETURN_IF_ERROR(erased);
    purge->erased_events += count;
  }
  co_return false;
}

// Whether nothing of the user is left, and nobody else found that out first.
Task<absl::StatusOr<bool>> PurgeOne(UserPurgeDeps deps, CallContext ctx, UserPurge purge) {
  GH_CO_RETURN_IF_ERROR(co_await PurgeSessions(deps, ctx, purge.user_id));
  std::optional<storage::Change> change;
  if (purge.erase) {
    GH_CO_ASSIGN_OR_RETURN(const bool erased, co_await EraseFromLog(deps, ctx, &purge));
    if (!erased) co_return false;
    change = {.events = {PurgeEvent(
                  ctx, deps.clock.Now(), event_types::kUserErasureFinished, purge.user_id,
                  JsonObject().AddNumber("events", purge.erased_events).ToString())}};
  }
  const absl::Status finished =
      co_await deps.purges.Finish(ctx, ctx.principal().tenant_id, purge, std::move(change));
  if (IsOutrun(finished)) co_return false;
  GH_CO_RETURN_IF_ERROR(finished);
  co_return true;
}

}  // namespace

Task<absl::StatusOr<UserPurgeTurn>> PurgeUsers(UserPurgeDeps deps, CallContext ctx) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  UserPurgeTurn turn;
  UserPurge last;
  std::vector<UserPurge> due;
  do {
    GH_CO_ASSIGN_OR_RETURN(
        due, co_await deps.purges.ListDue(ctx, tenant_id, deps.clock.Now(), last, kUsersAtOnce));
    for (const UserPurge& purge : due) {
      if (purge.has_account) {
        GH_CO_RETURN_IF_ERROR(co_await PurgeAccount(deps, ctx, purge));
      }
    }
    GH_CO_RETURN_IF_ERROR(co_await PurgeThreads(deps, ctx));
    for (const UserPurge& purge : due) {
      turn.unfinished = !HasTime(ctx);
      if (turn.unfinished) co_return turn;
      GH_CO_ASSIGN_OR_RETURN(const bool done, co_await PurgeOne(deps, ctx, purge));
      if (done) ++turn.users;
    }
    if (!due.empty()) last = due.back();
    turn.unfinished = !HasTime(ctx);
  } while (!due.empty() && !turn.unfinished);
  co_return turn;
}

}  // namespace gatehouse::service
