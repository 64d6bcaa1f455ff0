#include "service/session/revocation/revocation_log.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "base/uuid.h"
#include "service/common/log_following.h"
#include "service/common/timestamps.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

namespace event_types = storage::event_types;
using base::Uuid;
using storage::LoggedEvent;

// From the time in an event to its commit, at most: no call lasts longer. A token may have been
// signed meanwhile.
constexpr std::chrono::seconds kSlowestCommit{60};

// Their targets of type user have another epoch, or sessions that ended.
constexpr std::string_view kOfUsers[] = {
    event_types::kUserSessionsRevoked, event_types::kUserPasswordChanged,
    event_types::kUserRoleChanged, event_types::kUserDisabled, event_types::kUserDeleted};

bool IsOfUsers(std::string_view type) {
  return std::ranges::find(kOfUsers, type) != std::end(kOfUsers);
}

v1::Revocation Made(const LoggedEvent& logged, base::Duration window) {
  v1::Revocation revocation;
  revocation.set_index(logged.index);
  SetTimestamp(logged.event.recorded_time + window, revocation.mutable_drop_after());
  return revocation;
}

// What the event itself names.
void AddNamed(const LoggedEvent& logged, base::Duration window,
              std::vector<v1::Revocation>& revocations) {
  const std::string& type = logged.event.type;
  if (type == event_types::kSigningKeyRotated) {
    revocations.push_back(Made(logged, window));
    revocations.back().set_signing_keys(true);
  }
  for (const storage::EventTarget& target : logged.event.targets) {
    if (type == event_types::kSessionRevoked && target.type == "session") {
      revocations.push_back(Made(logged, window));
      revocations.back().set_session_id(target.id);
    } else if (type == event_types::kApiKeyRevoked && target.type == "api_key") {
      revocations.push_back(Made(logged, window));
      revocations.back().set_api_key_id(target.id);
    } else if (type == event_types::kSigningKeyRotated && target.label == "removed") {
      revocations.push_back(Made(logged, window));
      revocations.back().set_signing_key_id(target.id);
    }
  }
}

// The log of the operator tells of every tenant.
bool IsChangeOf(const LoggedEvent& logged, const std::string& tenant_id) {
  return logged.event.type == event_types::kTenantUpdated &&
         std::ranges::any_of(logged.event.targets, [&](const storage::EventTarget& target) {
           return target.id == tenant_id;
         });
}

// The last event of each user: it says how long the revocation is of use.
std::map<Uuid, const LoggedEvent*> UsersOf(const std::vector<LoggedEvent>& events) {
  std::map<Uuid, const LoggedEvent*> users;
  for (const LoggedEvent& logged : events) {
    if (!IsOfUsers(logged.event.type)) continue;
    for (const storage::EventTarget& target : logged.event.targets) {
      const std::optional<Uuid> id = Uuid::Parse(target.id);
      if (target.type == "user" && id) users[*id] = &logged;
    }
  }
  return users;
}

}  // namespace

const std::vector<std::string>& RevocationLog::Types() {
  static const auto& types = *new std::vector<std::string>([] {
    std::vector<std::string> all(std::begin(kOfUsers), std::end(kOfUsers));
    for (const std::string_view type :
         {event_types::kSessionRevoked, event_types::kApiKeyRevoked,
          event_types::kSigningKeyRotated, event_types::kTenantUpdated}) {
      all.emplace_back(type);
    }
    return all;
  }());
  return types;
}

base::Duration RevocationLog::Window() const { return token_lifetime_ + kSlowestCommit; }

base::Task<absl::StatusOr<RevocationLog::Bounds>> RevocationLog::Live(base::CallContext ctx) {
  const Uuid tenant_id = ctx.principal().tenant_id;
  Bounds bounds;
  // The head first: what comes after it is read anyway.
  GH_CO_ASSIGN_OR_RETURN(bounds.head, co_await log_.HeadIndex(ctx, tenant_id));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> lowest,
                         co_await log_.LowestSince(ctx, tenant_id, clock_.Now() - Window()));
  bounds.oldest = lowest.value_or(bounds.head + 1);
  co_return bounds;
}

base::Task<absl::StatusOr<std::optional<storage::Tenant>>> RevocationLog::ReadTenant(
    base::CallContext ctx) {
  const Uuid tenant_id = ctx.principal().tenant_id;
  co_return co_await tenants_.Get(std::move(ctx), tenant_id);
}

base::Task<absl::StatusOr<RevocationLog::Page>> RevocationLog::Read(base::CallContext ctx,
                                                                    int64_t from) {
  GH_CO_ASSIGN_OR_RETURN(
      storage::EventLog::Range range,
      co_await log_.ReadRange(ctx, ctx.principal().tenant_id, from, kEventsPerRead, Types()));
  Page page{.last_index = range.last_index, .head_index = range.head_index};
  const base::Time dead = clock_.Now() - Window();
  std::erase_if(range.events,
                [dead](const LoggedEvent& logged) { return logged.event.recorded_time <= dead; });
  for (const LoggedEvent& logged : range.events) AddNamed(logged, Window(), page.revocations);
  const std::string tenant_id = ctx.principal().tenant_id.ToString();
  if (std::ranges::any_of(
          range.events, [&](const LoggedEvent& logged) { return IsChangeOf(logged, tenant_id); })) {
    GH_CO_ASSIGN_OR_RETURN(page.tenant, co_await ReadTenant(ctx));
  }
  GH_CO_RETURN_IF_ERROR(co_await AddEnded(std::move(ctx), std::move(range.events), &page));
  co_return page;
}

base::Task<absl::Status> RevocationLog::AddEnded(base::CallContext ctx,
                                                 std::vector<LoggedEvent> events, Page* page) {
  const std::map<Uuid, const LoggedEvent*> users = UsersOf(events);
  if (users.empty()) co_return absl::OkStatus();
  std::vector<Uuid> ids;
  for (const auto& [id, logged] : users) ids.push_back(id);
  // Read after the events: what they tell of is there, and perhaps what later ones will.
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::SessionStore::Ended> ended,
      co_await sessions_.ListEnded(ctx, ctx.principal().tenant_id, ids, clock_.Now() - Window()));
  // Who is not there any more has no token that counts.
  std::map<Uuid, int64_t> epochs;
  for (const Uuid& id : ids) epochs[id] = std::numeric_limits<int64_t>::max();
  for (const storage::SessionStore::Ended& of_user : ended) {
    epochs[of_user.user_id] = of_user.epoch;
    for (const Uuid& session_id : of_user.session_ids) {
      page->revocations.push_back(Made(*users.at(of_user.user_id), Window()));
      page->revocations.back().set_session_id(session_id.ToString());
    }
  }
  for (const auto& [id, epoch] : epochs) {
    page->revocations.push_back(Made(*users.at(id), Window()));
    page->revocations.back().set_user_id(id.ToString());
    page->revocations.back().set_min_user_epoch(epoch);
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
