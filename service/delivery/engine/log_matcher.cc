#include "service/delivery/engine/log_matcher.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "storage/event_types.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using base::Uuid;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Entries per statement while catching up.
constexpr int32_t kMatchPage = 5000;
// Events per statement, with their payload.
constexpr int32_t kEventPage = 500;
// Further behind than this, endpoints read for themselves.
constexpr int64_t kMaxWindowGap = 4000;
// How long news that got lost, or that another instance wrote, may stay unseen.
constexpr base::Duration kPollInterval = seconds(1);

// Or whether they may be delivered to: the tenant was frozen, perhaps, or goes on.
bool ChangesEndpoints(const std::vector<storage::LogEntry>& entries) {
  return std::ranges::any_of(entries, [](const storage::LogEntry& entry) {
    return entry.type.starts_with("endpoint.") ||
           entry.type == storage::event_types::kTenantUpdated;
  });
}

// What says that exceptions of an endpoint have begun anew.
const std::vector<std::string>& RedeliveryTypes() {
  static const auto& types =
      *new std::vector<std::string>{std::string(storage::event_types::kWebhookRedelivered),
                                    std::string(storage::event_types::kWebhookEventsReplayed)};
  return types;
}

bool BeginsRedeliveries(const std::vector<storage::LogEntry>& entries) {
  return std::ranges::any_of(entries, [](const storage::LogEntry& entry) {
    return std::ranges::find(RedeliveryTypes(), entry.type) != RedeliveryTypes().end();
  });
}

// The entries that follow `after` without a gap.
std::vector<storage::LogEntry> Continue(int64_t after, const LogMatcher::News& news) {
  std::vector<storage::LogEntry> entries;
  for (const auto& batch : news) {
    if (batch->last_index() <= after) continue;
    if (batch->first_index() > after + 1) break;
    for (const storage::LogEntry& entry : batch->entries) {
      if (entry.index > after) entries.push_back(entry);
    }
    after = batch->last_index();
  }
  return entries;
}

}  // namespace

Task<void> LogMatcher::Run() {
  const base::CancelToken cancel = deps_.tasks.cancel();
  // Before the first look at the log: what comes between the two is not missed.
  const std::unique_ptr<storage::LogFeed::Subscription> subscription =
      deps_.feed.Subscribe(deps_.tasks.loop());
  base::SteadyTime next_poll = steady_clock::now();
  while (!cancel.cancelled() && !deps_.tasks.stopping()) {
    storage::LogFeed::News news = co_await subscription->Next(next_poll, cancel);
    if (cancel.cancelled() || deps_.tasks.stopping()) break;
    const bool poll = news.incomplete || steady_clock::now() >= next_poll;
    if (poll) next_poll = steady_clock::now() + kPollInterval;
    const absl::Status status = co_await Take(std::move(news), poll);
    if (!status.ok()) deps_.tasks.LogProblem("webhooks: cannot follow the event log", status);
  }
}

Task<absl::Status> LogMatcher::Take(storage::LogFeed::News news, bool poll) {
  poll |= !deps_.settings.loaded();
  std::map<Uuid, News> by_tenant;
  for (const auto& batch : news.batches) by_tenant[batch->tenant_id].push_back(batch);
  for (auto& [tenant_id, batches] : by_tenant) {
    if (deps_.logs.contains(tenant_id)) {
      GH_CO_RETURN_IF_ERROR(co_await Follow(tenant_id, std::move(batches)));
      continue;
    }
    // Its first endpoint, perhaps.
    poll |= std::ranges::any_of(batches,
                                [](const auto& batch) { return ChangesEndpoints(batch->entries); });
  }
  if (poll) co_return co_await Poll();
  co_return absl::OkStatus();
}

Task<absl::Status> LogMatcher::Poll() {
  const bool loaded = deps_.settings.loaded();
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::DeliveryStore::Fanout> fanouts,
      co_await deps_.deliveries.ListFanouts(deps_.tasks.Context(base::kDefaultTenantId)));
  // Settings are read after the positions: what changed before a position is in them, even if it
  // was another server that matched it, and what changes after it is in the log from there on.
  if (!loaded) GH_CO_RETURN_IF_ERROR(co_await deps_.settings.Load());
  for (const storage::DeliveryStore::Fanout& fanout : fanouts) {
    auto followed = deps_.logs.find(fanout.tenant_id);
    if (followed == deps_.logs.end()) {
      if (loaded) GH_CO_RETURN_IF_ERROR(co_await deps_.settings.Refresh(fanout.tenant_id));
      followed = deps_.logs
                     .emplace(fanout.tenant_id,
                              FollowedLog{.log = TenantLog(fanout.tenant_id, fanout.position)})
                     .first;
    }
    if (fanout.head_index > followed->second.log.matched()) {
      GH_CO_RETURN_IF_ERROR(co_await Follow(fanout.tenant_id, {}));
    }
  }
  co_return absl::OkStatus();
}

Task<absl::Status> LogMatcher::Follow(Uuid tenant_id, News news) {
  FollowedLog& tenant = deps_.logs.at(tenant_id);
  for (;;) {
    std::vector<storage::LogEntry> entries = Continue(tenant.log.matched(), news);
    const bool from_news = !entries.empty();
    if (!from_news) {
      if (!news.empty() && news.back()->last_index() <= tenant.log.matched()) break;
      GH_CO_ASSIGN_OR_RETURN(
          storage::EventLog::EntryRange range,
          co_await deps_.log.ReadEntries(deps_.tasks.Context(tenant_id), tenant_id,
                                         tenant.log.matched() + 1, kMatchPage));
      if (range.events.empty()) break;
      entries = std::move(range.events);
    }
    // The window is read next, once for all endpoints that are leased now.
    tenant.filling = from_news;
    const absl::Status status = co_await MatchNext(tenant_id, std::move(entries));
    tenant.filling = false;
    GH_CO_RETURN_IF_ERROR(status);
    if (from_news && news.back()->last_index() <= tenant.log.matched()) break;
  }
  GH_CO_RETURN_IF_ERROR(co_await FillWindow(tenant_id));
  deps_.reader.FeedTenant(tenant_id);
  co_return absl::OkStatus();
}

Task<absl::Status> LogMatcher::MatchNext(Uuid tenant_id, std::vector<storage::LogEntry> entries) {
  FollowedLog& tenant = deps_.logs.at(tenant_id);
  const bool changes = ChangesEndpoints(entries);
  // Whoever changed an endpoint committed that together with this entry, so it is seen now;
  // and matching must not go on without.
  if (changes) GH_CO_RETURN_IF_ERROR(co_await deps_.settings.Refresh(tenant_id));
  if (BeginsRedeliveries(entries)) {
    GH_CO_RETURN_IF_ERROR(
        co_await Redeliver(tenant_id, entries.front().index, entries.back().index));
  }
  std::vector<TenantLog::Match> matches =
      tenant.log.MatchEntries(entries, deps_.cache.endpoints(tenant_id));
  deps_.flusher.Wake();
  if (tenant.log.has_created()) GH_CO_RETURN_IF_ERROR(co_await Mark(tenant_id));
  GH_CO_RETURN_IF_ERROR(co_await deps_.leases.LeaseMatched(tenant_id, std::move(matches)));
  // Enabled again, perhaps, with a backlog.
  if (changes) GH_CO_RETURN_IF_ERROR(co_await deps_.leases.LeaseDue());
  co_return absl::OkStatus();
}

// What is to be sent again is in the database by now. Queues that are leased here look for it;
// the endpoints of others are theirs, and those of nobody are leased.
Task<absl::Status> LogMatcher::Redeliver(Uuid tenant_id, int64_t first_index, int64_t last_index) {
  bool leased = false;
  deps_.queues.ForTenant(tenant_id, [&](const QueuePtr&) { leased = true; });
  while (leased && first_index <= last_index) {
    GH_CO_ASSIGN_OR_RETURN(
        const storage::EventLog::Range range,
        co_await deps_.log.ReadRange(deps_.tasks.Context(tenant_id), tenant_id, first_index,
                                     kEventPage, RedeliveryTypes()));
    if (range.last_index < first_index) break;
    first_index = range.last_index + 1;
    for (const storage::LoggedEvent& logged : range.events) {
      for (const storage::EventTarget& target : logged.event.targets) {
        const std::optional<Uuid> id = Uuid::Parse(target.id);
        if (target.type != "endpoint" || !id) continue;
        const QueuePtr queue = deps_.queues.Find({tenant_id, *id});
        if (queue) queue->delivery.ReadRetriesAnew(deps_.clock.Now());
      }
    }
  }
  co_return co_await deps_.leases.LeaseDue();
}

Task<absl::Status> LogMatcher::FillWindow(Uuid tenant_id) {
  FollowedLog& tenant = deps_.logs.at(tenant_id);
  bool all = false;
  std::set<std::string> patterns;
  bool wanted = false;
  deps_.queues.ForTenant(tenant_id, [&](const QueuePtr& queue) {
    const std::shared_ptr<const storage::Endpoint> endpoint =
        deps_.cache.Find(queue->delivery.key());
    if (!endpoint || queue->delivery.stopped()) return;
    for (const std::string& pattern : endpoint->event_types) {
      all |= pattern == "*";
      patterns.insert(pattern);
    }
    wanted |= queue->delivery.scanned() >= tenant.log.window_end();
  });
  std::vector<std::string> types;
  if (!all) types.assign(patterns.begin(), patterns.end());
  if (!wanted || types != tenant.log.window_types() ||
      tenant.log.matched() - tenant.log.window_end() > kMaxWindowGap) {
    tenant.log.ResetWindow(std::move(types));
    co_return absl::OkStatus();
  }
  tenant.filling = true;
  const absl::Status status = co_await ReadWindow(tenant_id, std::move(types));
  tenant.filling = false;
  co_return status;
}

Task<absl::Status> LogMatcher::ReadWindow(Uuid tenant_id, std::vector<std::string> types) {
  TenantLog& log = deps_.logs.at(tenant_id).log;
  while (log.window_end() < log.matched()) {
    GH_CO_ASSIGN_OR_RETURN(storage::EventLog::Range range,
                           co_await deps_.log.ReadRange(deps_.tasks.Context(tenant_id), tenant_id,
                                                        log.window_end() + 1, kEventPage, types));
    if (range.last_index <= log.window_end()) break;
    log.Append(std::move(range.events), range.last_index);
    deps_.reader.FeedTenant(tenant_id);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> LogMatcher::Mark(Uuid tenant_id) {
  FollowedLog& tenant = deps_.logs.at(tenant_id);
  if (tenant.marking || tenant.log.durable() >= tenant.log.matched()) co_return absl::OkStatus();
  tenant.marking = true;
  const int64_t to = tenant.log.matched();
  const absl::StatusOr<int64_t> position = co_await deps_.deliveries.AdvanceFanout(
      deps_.tasks.Context(tenant_id), tenant_id, tenant.log.durable(), to, tenant.log.BeginMark());
  tenant.marking = false;
  if (!position.ok()) {
    tenant.log.OnMarkFailed();
    co_return position.status();
  }
  if (*position < to) {
    // The cursor was set back: what lies between was marked by nobody.
    base::LogLine(base::LogLevel::kWarning, "webhooks: a tenant's cursor was set back",
                  {{"tenant", tenant_id.ToString()}, {"position", *position}});
    tenant.log = TenantLog(tenant_id, *position);
    co_return absl::OkStatus();
  }
  tenant.log.OnMarked(to);
  co_return absl::OkStatus();
}

Task<absl::Status> LogMatcher::MarkAll() {
  std::vector<Uuid> tenant_ids;
  for (const auto& [tenant_id, tenant] : deps_.logs) tenant_ids.push_back(tenant_id);
  for (const Uuid& tenant_id : tenant_ids) GH_CO_RETURN_IF_ERROR(co_await Mark(tenant_id));
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service::delivery
