#include <algorithm>
#include <ranges>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "service/delivery/engine_state.h"
#include "service/delivery/webhook_engine.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using base::Uuid;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Entries per statement while catching up.
constexpr int32_t kMatchPage = 5000;
// Events per statement for the window.
constexpr int32_t kWindowPage = 500;
// Further behind than this, endpoints read for themselves.
constexpr int64_t kMaxWindowGap = 4000;
// How long news that got lost, or that another instance wrote, may stay unseen.
constexpr base::Duration kPollInterval = seconds(1);
// Every statement of the engine's ends by then.
constexpr seconds kStatementDeadline(15);

bool ChangesEndpoints(const std::vector<storage::LogEntry>& entries) {
  return std::ranges::any_of(
      entries, [](const storage::LogEntry& entry) { return entry.type.starts_with("endpoint."); });
}

// The entries that follow `after` without a gap.
std::vector<storage::LogEntry> Continue(
    int64_t after, const std::vector<std::shared_ptr<const storage::LogBatch>>& news) {
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

base::CallContext WebhookEngine::Context(const Uuid& tenant_id) const {
  return base::CallContext(
      loop_, {.deadline = steady_clock::now() + kStatementDeadline,
              .principal = {.kind = base::Principal::Kind::kSystem, .tenant_id = tenant_id},
              .method = "webhooks",
              .cancel = statements_});
}

void WebhookEngine::LogProblem(const char* what, const absl::Status& status) const {
  // Given up for the sake of the stop, not failed.
  if (absl::IsCancelled(status) && statements_.cancelled()) return;
  base::Log(base::LogLevel::kWarning, what, {{"error", std::string(status.message())}});
}

Task<absl::Status> WebhookEngine::Load() {
  GH_CO_RETURN_IF_ERROR(co_await cache_.LoadAll(Context(base::kDefaultTenantId)));
  loaded_ = true;
  co_return absl::OkStatus();
}

Task<void> WebhookEngine::RunFollow() {
  // Before the first look at the log: what comes between the two is not missed.
  subscription_ = deps_.feed.Subscribe(loop_);
  base::SteadyTime next_poll = steady_clock::now();
  while (!group_.cancel().cancelled() && !stopping_) {
    const storage::LogFeed::News news = co_await subscription_->Next(next_poll, group_.cancel());
    if (group_.cancel().cancelled() || stopping_) break;
    absl::Status status;
    if (!loaded_) status = co_await Load();
    std::map<Uuid, std::vector<std::shared_ptr<const storage::LogBatch>>> by_tenant;
    for (const auto& batch : news.batches) by_tenant[batch->tenant_id].push_back(batch);
    bool poll = news.incomplete || steady_clock::now() >= next_poll;
    for (auto& [tenant_id, batches] : by_tenant) {
      if (!tenants_.contains(tenant_id)) {
        // Its first endpoint, perhaps.
        poll |= std::ranges::any_of(
            batches, [](const auto& batch) { return ChangesEndpoints(batch->entries); });
        continue;
      }
      if (status.ok()) status = co_await Follow(tenant_id, std::move(batches));
    }
    if (poll) {
      next_poll = steady_clock::now() + kPollInterval;
      if (status.ok()) status = co_await Poll();
    }
    if (!status.ok()) LogProblem("webhooks: cannot follow the event log", status);
  }
}

Task<absl::Status> WebhookEngine::Poll() {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::DeliveryStore::Fanout> fanouts,
                         co_await deps_.deliveries.ListFanouts(Context(base::kDefaultTenantId)));
  for (const storage::DeliveryStore::Fanout& fanout : fanouts) {
    std::unique_ptr<Tenant>& tenant = tenants_[fanout.tenant_id];
    if (!tenant) tenant = std::make_unique<Tenant>(fanout.tenant_id, fanout.position);
    if (fanout.head_index > tenant->log.matched()) {
      GH_CO_RETURN_IF_ERROR(co_await Follow(fanout.tenant_id, {}));
    }
  }
  co_return absl::OkStatus();
}

Task<absl::Status> WebhookEngine::Follow(
    Uuid tenant_id, std::vector<std::shared_ptr<const storage::LogBatch>> news) {
  Tenant& tenant = *tenants_.at(tenant_id);
  for (;;) {
    std::vector<storage::LogEntry> entries = Continue(tenant.log.matched(), news);
    const bool from_news = !entries.empty();
    if (!from_news) {
      if (!news.empty() && news.back()->last_index() <= tenant.log.matched()) break;
      GH_CO_ASSIGN_OR_RETURN(storage::EventLog::EntryRange range,
                             co_await deps_.log.ReadEntries(Context(tenant_id), tenant_id,
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
  FeedTenant(tenant_id);
  Pump();
  co_return absl::OkStatus();
}

Task<absl::Status> WebhookEngine::MatchNext(Uuid tenant_id,
                                            std::vector<storage::LogEntry> entries) {
  Tenant& tenant = *tenants_.at(tenant_id);
  const bool changes = ChangesEndpoints(entries);
  if (changes) {
    // Whoever changed an endpoint committed that together with this entry, so
    // it is seen now; and matching must not go on without.
    cache_.MarkStale(tenant_id);
    GH_CO_RETURN_IF_ERROR(co_await cache_.Reload(Context(tenant_id), tenant_id));
    ApplySettings(tenant_id);
  }
  std::vector<TenantLog::Match> matches =
      tenant.log.MatchEntries(entries, cache_.endpoints(tenant_id));
  flush_wanted_.Set(true);
  if (tenant.log.has_created()) GH_CO_RETURN_IF_ERROR(co_await Mark(tenant_id));
  GH_CO_RETURN_IF_ERROR(co_await LeaseMatched(tenant_id, std::move(matches)));
  // Enabled again, perhaps, with a backlog.
  if (changes) GH_CO_RETURN_IF_ERROR(co_await LeaseDue());
  co_return absl::OkStatus();
}

Task<absl::Status> WebhookEngine::FillWindow(Uuid tenant_id) {
  Tenant& tenant = *tenants_.at(tenant_id);
  bool all = false;
  std::set<std::string> patterns;
  bool wanted = false;
  for (auto lane = lanes_.lower_bound({tenant_id, Uuid()});
       lane != lanes_.end() && lane->first.tenant_id == tenant_id; ++lane) {
    const std::shared_ptr<const storage::Endpoint> endpoint = cache_.Find(lane->first);
    if (!endpoint || lane->second->delivery.stopped()) continue;
    for (const std::string& pattern : endpoint->event_types) {
      all |= pattern == "*";
      patterns.insert(pattern);
    }
    wanted |= lane->second->delivery.scanned() >= tenant.log.window_end();
  }
  std::vector<std::string> types;
  if (!all) types.assign(patterns.begin(), patterns.end());
  if (!wanted || types != tenant.log.window_types() ||
      tenant.log.matched() - tenant.log.window_end() > kMaxWindowGap) {
    tenant.log.ResetWindow(std::move(types));
    co_return absl::OkStatus();
  }
  absl::Status status;
  tenant.filling = true;
  while (tenant.log.window_end() < tenant.log.matched()) {
    absl::StatusOr<storage::EventLog::Range> range = co_await deps_.log.ReadRange(
        Context(tenant_id), tenant_id, tenant.log.window_end() + 1, kWindowPage, types);
    if (!range.ok()) {
      status = range.status();
      break;
    }
    if (range->last_index <= tenant.log.window_end()) break;
    tenant.log.Append(std::move(range->events), range->last_index);
    FeedTenant(tenant_id);
    Pump();
  }
  tenant.filling = false;
  co_return status;
}

Task<absl::Status> WebhookEngine::Mark(Uuid tenant_id) {
  Tenant& tenant = *tenants_.at(tenant_id);
  if (tenant.marking || tenant.log.durable() >= tenant.log.matched()) co_return absl::OkStatus();
  tenant.marking = true;
  const int64_t to = tenant.log.matched();
  absl::StatusOr<int64_t> position = co_await deps_.deliveries.AdvanceFanout(
      Context(tenant_id), tenant_id, tenant.log.durable(), to, tenant.log.BeginMark());
  tenant.marking = false;
  if (!position.ok()) {
    tenant.log.OnMarkFailed();
    co_return position.status();
  }
  if (*position < to) {
    // The cursor was set back: what lies between was marked by nobody.
    base::Log(base::LogLevel::kWarning, "webhooks: a tenant's cursor was set back",
              {{"tenant", tenant_id.ToString()}, {"position", *position}});
    tenant.log = TenantLog(tenant_id, *position);
    co_return absl::OkStatus();
  }
  tenant.log.OnMarked(to);
  co_return absl::OkStatus();
}

Task<absl::Status> WebhookEngine::MarkAll() {
  std::vector<Uuid> ids;
  for (const auto& [id, tenant] : tenants_) ids.push_back(id);
  for (const Uuid& id : ids) GH_CO_RETURN_IF_ERROR(co_await Mark(id));
  co_return absl::OkStatus();
}

void WebhookEngine::EndpointChanged(Uuid tenant_id) {
  auto change = [this, tenant_id] {
    cache_.MarkStale(tenant_id);
    Spawn(ReloadTenant(tenant_id));
  };
  if (loop_.IsCurrent()) {
    change();
  } else {
    loop_.Post(std::move(change));
  }
}

Task<void> WebhookEngine::ReloadTenant(Uuid tenant_id) {
  if (!loaded_ || stopping_) co_return;
  absl::Status status = co_await cache_.Reload(Context(tenant_id), tenant_id);
  if (status.ok()) {
    ApplySettings(tenant_id);
    status = co_await LeaseDue();
    FeedTenant(tenant_id);
    Pump();
  }
  if (!status.ok()) LogProblem("webhooks: cannot read an endpoint's settings", status);
}

void WebhookEngine::ApplySettings(const Uuid& tenant_id) {
  for (auto lane = lanes_.lower_bound({tenant_id, Uuid()});
       lane != lanes_.end() && lane->first.tenant_id == tenant_id; ++lane) {
    const std::shared_ptr<const storage::Endpoint> endpoint = cache_.Find(lane->first);
    if (!endpoint || endpoint->state != storage::EndpointState::kEnabled) {
      lane->second->delivery.Stop();
      continue;
    }
    lane->second->delivery.set_max_in_flight(endpoint->max_in_flight);
    Enqueue(lane->second);
  }
}

}  // namespace gatehouse::service::delivery
