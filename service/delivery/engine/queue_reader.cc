#include "service/delivery/engine/queue_reader.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "service/delivery/wanted_events.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using base::Uuid;
using std::chrono::steady_clock;

// Ready events and their bytes beyond which a queue reads no more.
constexpr size_t kEnoughReady = 256;
constexpr size_t kEnoughBytes = size_t{2} << 20;
constexpr int32_t kMinReadLimit = 8;
constexpr int32_t kMaxReadLimit = 500;
// Statements of queues at a time: the database serves others too.
constexpr int kMaxReads = 32;
constexpr int64_t kRetryPage = 32;
// Of one read, those that follow others in their lanes.
constexpr size_t kMaxFollowers = 32;

// Empty: all.
std::vector<std::string> TypesOf(const storage::Endpoint* endpoint) {
  if (endpoint == nullptr) return {};
  const std::vector<std::string>& types = endpoint->event_types;
  return std::ranges::find(types, "*") == types.end() ? types : std::vector<std::string>();
}

// Those whose types are wanted, and that the endpoint does not want by their bodies.
void LeaveOutUnwanted(const storage::Endpoint& endpoint, std::vector<DeliveryItem>& items) {
  const WantedEvents wanted(endpoint.event_types, endpoint.payload_filter);
  if (!wanted.has_filter()) return;
  std::erase_if(items, [&](const DeliveryItem& item) { return !wanted.WantsBody(*item.body); });
}

bool HasEnough(const EndpointQueue& queue) {
  return queue.loaded() >= kEnoughReady || queue.loaded_bytes() >= kEnoughBytes;
}

// How many events like these make a page.
int32_t FittingLimit(const std::vector<DeliveryItem>& items) {
  size_t bytes = 0;
  for (const DeliveryItem& item : items) bytes += item.body->size();
  const size_t fitting = kEnoughBytes / (bytes / items.size() + 1);
  return std::clamp(static_cast<int32_t>(std::min<size_t>(fitting, kMaxReadLimit)), kMinReadLimit,
                    kMaxReadLimit);
}

}  // namespace

void QueueReader::FeedTenant(const Uuid& tenant_id) {
  deps_.queues.ForTenant(tenant_id, [this](const QueuePtr& queue) { Feed(queue); });
}

void QueueReader::Feed(const QueuePtr& queue) {
  EndpointQueue& delivery = queue->delivery;
  if (delivery.stopped() || deps_.tasks.stopping() || HasEnough(delivery)) return;
  const FollowedLog& followed = deps_.logs.at(delivery.key().tenant_id);
  const TenantLog& log = followed.log;
  if (delivery.scanned() < log.window_end() && delivery.scanned() + 1 >= log.window_begin()) {
    const std::shared_ptr<const storage::Endpoint> endpoint = deps_.cache.Find(delivery.key());
    if (!endpoint) return;
    if (log.WindowHolds(endpoint->event_types)) {
      const WantedEvents wanted(endpoint->event_types, endpoint->payload_filter);
      delivery.AddEvents(log.EventsAfter(delivery.scanned(), wanted), log.window_end());
      OnAdded(queue);
    }
  }
  const bool window_comes = followed.filling && delivery.scanned() >= log.window_end();
  if (delivery.scanned() >= log.matched() || window_comes || queue->reading) return;
  if (FeedFromPages(queue) || HasEnough(delivery) || delivery.scanned() >= log.matched()) return;
  if (reads_ >= kMaxReads) return StandInLine(queue);
  queue->reading = true;
  ++reads_;
  deps_.tasks.Spawn(ReadEvents(queue));
}

bool QueueReader::FeedFromPages(const QueuePtr& queue) {
  EndpointQueue& delivery = queue->delivery;
  const std::shared_ptr<const storage::Endpoint> endpoint = deps_.cache.Find(delivery.key());
  const SharedPages::Source source{delivery.key().tenant_id, TypesOf(endpoint.get())};
  while (!HasEnough(delivery)) {
    const SharedPages::Page* const page =
        pages_.Find(source, delivery.scanned() + 1, steady_clock::now());
    if (page == nullptr) {
      if (!pages_.Comes(source, delivery.scanned() + 1)) return false;
      queue->reading = true;
      waiting_[source.tenant_id].push_back(queue);
      return true;
    }
    AddItems(queue, endpoint.get(), page->items, page->last_index);
  }
  return false;
}

void QueueReader::AddItems(const QueuePtr& queue, const storage::Endpoint* endpoint,
                           const std::vector<DeliveryItem>& items, int64_t through) {
  EndpointQueue& delivery = queue->delivery;
  if (!items.empty()) queue->read_limit = FittingLimit(items);
  std::vector<DeliveryItem> next(
      std::ranges::upper_bound(items, delivery.scanned(), {}, &DeliveryItem::index), items.end());
  if (endpoint != nullptr) LeaveOutUnwanted(*endpoint, next);
  delivery.AddEvents(std::move(next), through);
  OnAdded(queue);
}

Task<void> QueueReader::ReadEvents(QueuePtr queue) {
  EndpointQueue& delivery = queue->delivery;
  const Uuid tenant_id = delivery.key().tenant_id;
  // Beyond this the endpoint may have other settings than the ones read with.
  const int64_t matched = deps_.logs.at(tenant_id).log.matched();
  const std::shared_ptr<const storage::Endpoint> endpoint = deps_.cache.Find(delivery.key());
  const SharedPages::Source source{tenant_id, TypesOf(endpoint.get())};
  SharedPages::Page page{.first_index = delivery.scanned() + 1};
  pages_.Begin(source, page.first_index, queue->read_limit);
  const absl::StatusOr<storage::EventLog::Range> range = co_await deps_.log.ReadRange(
      deps_.tasks.Context(tenant_id), tenant_id, page.first_index, queue->read_limit, source.types);
  pages_.End(source, page.first_index);
  queue->reading = false;
  const std::vector<QueuePtr> waiters = std::exchange(waiting_[tenant_id], {});
  for (const QueuePtr& waiting : waiters) waiting->reading = false;
  if (!range.ok()) {
    deps_.tasks.LogProblem("webhooks: cannot read events", range.status());
    EndRead(/*ok=*/false);
    co_return;
  }
  page.last_index = std::min(range->last_index, matched);
  for (const storage::LoggedEvent& event : range->events) {
    if (event.index <= page.last_index) page.items.push_back(MakeItem(event));
  }
  const bool is_current = deps_.queues.IsCurrent(queue) && !delivery.stopped();
  if (is_current) AddItems(queue, endpoint.get(), page.items, page.last_index);
  if (page.last_index >= page.first_index) {
    pages_.Add(source, std::move(page), steady_clock::now());
  }
  EndRead(/*ok=*/true);
  if (is_current) Feed(queue);
  for (const QueuePtr& waiting : waiters) {
    if (deps_.queues.IsCurrent(waiting)) Feed(waiting);
  }
}

void QueueReader::OnAdded(const QueuePtr& queue) {
  queue->last_used = steady_clock::now();
  if (queue->delivery.dirty()) deps_.flusher.MarkDirty(queue);
  deps_.dispatcher.RequestTurn(queue);
}

void QueueReader::Tend() {
  pages_.DropOld(steady_clock::now());
  const base::Time now = deps_.clock.Now();
  ServeLine();
  deps_.queues.ForEach([this, now](const QueuePtr& queue) { FeedAll(queue, now); });
}

void QueueReader::FeedAll(const QueuePtr& queue, base::Time now) {
  if (MayLoadRetries(*queue, now)) {
    if (reads_ < kMaxReads) {
      queue->loading_retries = true;
      ++reads_;
      deps_.tasks.Spawn(LoadRetries(queue));
    } else {
      StandInLine(queue);
    }
  }
  Feed(queue);
}

void QueueReader::StandInLine(const QueuePtr& queue) {
  if (std::exchange(queue->in_line, true)) return;
  line_.push_back(queue);
}

void QueueReader::EndRead(bool ok) {
  --reads_;
  if (ok) ServeLine();
}

void QueueReader::ServeLine() {
  const base::Time now = deps_.clock.Now();
  while (!line_.empty() && reads_ < kMaxReads && !deps_.tasks.stopping()) {
    const QueuePtr queue = line_.front().lock();
    line_.pop_front();
    if (!queue) continue;
    queue->in_line = false;
    if (deps_.queues.IsCurrent(queue)) FeedAll(queue, now);
  }
}

bool QueueReader::MayLoadRetries(const LeasedQueue& queue, base::Time now) const {
  const EndpointQueue& delivery = queue.delivery;
  return delivery.next_due() && *delivery.next_due() <= now && delivery.retries_ready() == 0 &&
         !queue.loading_retries && !delivery.dirty() && !deps_.flusher.busy() &&
         !delivery.stopped() && delivery.breaker().MayStart(now);
}

Task<void> QueueReader::LoadRetries(QueuePtr queue) {
  EndpointQueue& delivery = queue->delivery;
  delivery.BeginRetries();
  absl::StatusOr<Due> due =
      co_await ReadDue(delivery.key(), delivery.retries_held(), deps_.clock.Now());
  queue->loading_retries = false;
  if (!due.ok()) {
    deps_.tasks.LogProblem("webhooks: cannot read what is to be retried", due.status());
  } else if (deps_.queues.IsCurrent(queue) && !delivery.stopped()) {
    delivery.AddRetries(std::move(due->items), due->next_due);
    queue->last_used = steady_clock::now();
    deps_.dispatcher.RequestTurn(queue);
  }
  EndRead(due.ok());
}

Task<absl::StatusOr<DeliveryItem>> QueueReader::ReadItem(storage::EndpointKey key,
                                                         storage::ExceptionRecord exception) {
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::LoggedEvent> event,
                         co_await deps_.log.Get(deps_.tasks.Context(key.tenant_id), key.tenant_id,
                                                exception.event_id));
  // Without a body: its retention has ended, there is nothing to send any more.
  DeliveryItem item = event ? MakeItem(*event) : DeliveryItem();
  item.index = exception.event_index;
  item.event_id = exception.event_id;
  item.type = std::move(exception.event_type);
  item.ordering_key = std::move(exception.ordering_key);
  item.attempts = exception.attempts;
  co_return item;
}

// One that has waited for others need not wait for a statement as well.
Task<absl::Status> QueueReader::ReadFollowers(storage::EndpointKey key,
                                              storage::ExceptionRecord first,
                                              const std::vector<int64_t>* held, base::Time now,
                                              std::vector<DeliveryItem>* items, size_t* room) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::ExceptionRecord> followers,
                         co_await deps_.deliveries.ListFollowers(
                             deps_.tasks.Context(key.tenant_id), key, first.ordering_key,
                             first.event_index, static_cast<int64_t>(*room)));
  size_t bytes = 0;
  for (const storage::ExceptionRecord& follower : followers) {
    if (bytes >= kEnoughBytes / 2) *room = 0;
    if (*room == 0) break;
    // In flight since before the first one began anew: what is read of it may be old by the answer.
    if (std::ranges::find(*held, follower.event_index) != held->end()) break;
    // It has a schedule of its own, and keeps to that.
    if (follower.due != base::Time::max() && follower.due > now) break;
    GH_CO_ASSIGN_OR_RETURN(DeliveryItem item, co_await ReadItem(key, follower));
    if (item.body) bytes += item.body->size();
    items->push_back(std::move(item));
    --*room;
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<QueueReader::Due>> QueueReader::ReadDue(storage::EndpointKey key,
                                                            std::vector<int64_t> held,
                                                            base::Time now) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::ExceptionRecord> exceptions,
                         co_await deps_.deliveries.ListExceptions(
                             deps_.tasks.Context(key.tenant_id), key, held, kRetryPage));
  Due due;
  size_t room = kMaxFollowers;
  for (const storage::ExceptionRecord& exception : exceptions) {
    if (exception.due > now) {
      due.next_due = exception.due;
      co_return due;
    }
    GH_CO_ASSIGN_OR_RETURN(DeliveryItem item, co_await ReadItem(key, exception));
    due.items.push_back(std::move(item));
    if (exception.ordering_key.empty() || room == 0) continue;
    GH_CO_RETURN_IF_ERROR(co_await ReadFollowers(key, exception, &held, now, &due.items, &room));
  }
  // A full page: there may be more that is due.
  if (exceptions.size() == kRetryPage) due.next_due = exceptions.back().due;
  co_return due;
}

}  // namespace gatehouse::service::delivery
