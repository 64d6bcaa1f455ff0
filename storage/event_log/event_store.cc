#include "storage/event_log/event_store.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <utility>

#include "base/async/cancel.h"
#include "base/async/one_shot.h"
#include "base/async/task_group.h"
#include "base/log_line.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/system_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/client_errors.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {
namespace {

using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;

// A flush belongs to many calls, so none of their deadlines is its own.
constexpr std::chrono::seconds kFlushTimeout{20};

// Groups that a crowd of callers is divided into (EventStoreLimits::gather).
constexpr size_t kShares = 2;

// What an event weighs in a statement, roughly.
size_t WeightOf(const Event& event, const std::optional<Idempotency>& idempotency) {
  constexpr size_t kFixed = 400;
  size_t bytes = kFixed + event.type.size() + event.actor.id.size() + event.actor.label.size() +
                 event.user_agent.size() + event.details_json.size();
  for (const EventTarget& target : event.targets) {
    bytes += target.type.size() + target.id.size() + target.label.size();
  }
  return idempotency ? bytes + idempotency->response.size() : bytes;
}

// Whether the error may be the fault of one event among several. Where the
// database itself is in trouble, trying each event by itself makes it worse.
bool MayBeOneEventsFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return false;
    default:
      return true;
  }
}

absl::Status Overloaded() {
  return base::MakeError(absl::StatusCode::kResourceExhausted, "too many events wait to be written",
                         {.reason = base::Reason::kStorageOverloaded,
                          .retry_after = std::chrono::milliseconds(200),
                          .quota = "events waiting to be written"});
}

// An event that waits for its commit, and the call that waits for it.
struct PendingEvent {
  Event event;
  std::optional<Idempotency> idempotency;
  size_t weight = 0;
  base::OneShot<absl::Status> done;
};
using Group = std::vector<std::shared_ptr<PendingEvent>>;

// One transaction for the whole group.
Batch BatchOf(const Group& group) {
  std::vector<base::Uuid> tenants, principals, requests;
  std::vector<std::string> methods;
  std::vector<Bytes> hashes, responses;
  std::vector<base::Time> times;
  std::vector<const Event*> events;
  events.reserve(group.size());
  for (const std::shared_ptr<PendingEvent>& pending : group) {
    events.push_back(&pending->event);
    if (const std::optional<Idempotency>& key = pending->idempotency) {
      tenants.push_back(key->tenant_id);
      principals.push_back(key->principal_id);
      requests.push_back(key->request_id);
      methods.push_back(key->method);
      hashes.push_back({key->request_hash});
      responses.push_back({key->response});
      times.push_back(key->create_time);
    }
  }
  Batch batch;
  if (!tenants.empty()) {
    batch.Add(event_log::queries::kClaimRequests,
              Params::Of(tenants, principals, requests, methods, hashes, responses, times));
  }
  postgres::AppendEvents(batch, events);
  return batch;
}

}  // namespace

// The events of one loop. Thread: that loop, but for GiveUp and Close.
class EventStore::Lane : public std::enable_shared_from_this<EventStore::Lane> {
 public:
  Lane(postgres::Database& database, base::Loop& loop, const EventStoreLimits& limits)
      : database_(database),
        loop_(loop),
        limits_(limits),
        flushes_(loop, [](const std::string& what) {
          base::LogLine(base::LogLevel::kError, "exception while events were written",
                        {{"error", what}});
        }) {}

  base::Loop& loop() const { return loop_; }

  // From any thread.
  size_t waiting() const { return waiting_rows_; }

  absl::Status Add(std::shared_ptr<PendingEvent> pending) {
    if (closed_) return postgres::ShuttingDownError();
    if (waiting_.size() >= limits_.max_waiting_rows ||
        waiting_bytes_ + pending->weight > limits_.max_waiting_bytes) {
      return Overloaded();
    }
    waiting_bytes_ += pending->weight;
    waiting_.push_back(std::move(pending));
    waiting_rows_ = waiting_.size();
    Schedule();
    return absl::OkStatus();
  }

  void GiveUp() {
    loop_.Post([self = shared_from_this()] {
      self->closed_ = true;
      self->gather_timer_.Reset();
      self->waiting_rows_ = 0;
      for (const auto& pending : std::exchange(self->waiting_, {})) {
        pending->done.Set(postgres::ShuttingDownError());
      }
      self->flushes_.cancel().Cancel();
    });
  }

  void Close() {
    GiveUp();
    flushes_.StopAndJoin();
  }

 private:
  // Begins a flush, now or when enough wait.
  void Schedule() {
    if (scheduled_ || waiting_.empty() || in_flight_ >= limits_.max_in_flight) return;
    if (waiting_.size() * kShares >= crowd_) {
      SetOff();
    } else if (!gathering_) {
      gathering_ = true;
      gather_timer_ =
          loop_.At(std::chrono::steady_clock::now() + limits_.gather, [self = shared_from_this()] {
            self->gathering_ = false;
            self->SetOff();
          });
    }
  }

  // Begins a flush after what the loop has already queued: calls that arrived
  // together go together.
  void SetOff() {
    if (scheduled_) return;
    scheduled_ = true;
    loop_.Post([self = shared_from_this()] {
      self->scheduled_ = false;
      if (self->waiting_.empty() || self->in_flight_ >= self->limits_.max_in_flight) return;
      self->flushes_.Spawn(self->Flush(self));
    });
  }

  // Forgets a crowd that has gone home, an eighth and at least one with each group.
  void MeasureCrowd() {
    crowd_ = std::max(crowd_ - (crowd_ + 7) / 8, waiting_.size() + flying_rows_);
  }

  Group TakeGroup() {
    Group group;
    size_t bytes = 0;
    while (!waiting_.empty() && group.size() < limits_.max_rows &&
           (group.empty() || bytes + waiting_.front()->weight <= limits_.max_bytes)) {
      std::shared_ptr<PendingEvent> pending = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= pending->weight;
      // Its call has ended: nobody would learn that it was written.
      if (pending->done.IsSet()) continue;
      bytes += pending->weight;
      group.push_back(std::move(pending));
    }
    waiting_rows_ = waiting_.size();
    return group;
  }

  // `self` keeps the lane while this runs.
  base::Task<void> Flush(std::shared_ptr<Lane> self) {
    ++in_flight_;
    MeasureCrowd();
    Group group = TakeGroup();
    const size_t rows = group.size();
    flying_rows_ += rows;
    // The next group may begin at once, and then shares the wait for the disk.
    Schedule();
    if (!group.empty()) co_await Write(std::move(group));
    --in_flight_;
    flying_rows_ -= rows;
    Schedule();
  }

  // Gives each event its result. A group that fails for the sake of one event is
  // halved until that one stands alone.
  base::Task<void> Write(Group group) {
    const absl::StatusOr<std::vector<Rows>> result = co_await database_.Run(
        base::SystemContext(loop_, "event_store", kFlushTimeout, flushes_.cancel()),
        BatchOf(group));
    if (!result.ok() && group.size() > 1 && MayBeOneEventsFault(result.status())) {
      const auto middle = group.begin() + static_cast<ptrdiff_t>(group.size() / 2);
      Group second(middle, group.end());
      group.erase(middle, group.end());
      co_await Write(std::move(group));
      co_await Write(std::move(second));
      co_return;
    }
    const absl::Status status = absl::IsCancelled(result.status()) && flushes_.cancel().cancelled()
                                    ? postgres::ShuttingDownError()
                                    : result.status();
    for (const std::shared_ptr<PendingEvent>& pending : group) pending->done.Set(status);
  }

  postgres::Database& database_;
  base::Loop& loop_;
  const EventStoreLimits limits_;
  std::deque<std::shared_ptr<PendingEvent>> waiting_;
  size_t waiting_bytes_ = 0;
  // The length of waiting_, for other threads.
  std::atomic<size_t> waiting_rows_ = 0;
  int in_flight_ = 0;
  size_t flying_rows_ = 0;
  // How many events wait or are being written at a time, of late.
  size_t crowd_ = 0;
  bool scheduled_ = false;
  bool gathering_ = false;
  base::Loop::Timer gather_timer_;
  bool closed_ = false;
  base::TaskGroup flushes_;
};

EventStore::EventStore(postgres::Database& database, std::vector<base::Loop*> loops,
                       EventStoreLimits limits)
    : database_(database) {
  for (base::Loop* loop : loops) {
    lanes_.push_back(std::make_shared<Lane>(database, *loop, limits));
  }
}

EventStore::~EventStore() { Close(); }

size_t EventStore::waiting() const {
  size_t rows = 0;
  for (const std::shared_ptr<Lane>& lane : lanes_) rows += lane->waiting();
  return rows;
}

void EventStore::GiveUp() {
  for (const std::shared_ptr<Lane>& lane : lanes_) lane->GiveUp();
}

void EventStore::Close() {
  if (std::exchange(closed_, true)) return;
  for (const std::shared_ptr<Lane>& lane : lanes_) lane->Close();
}

base::Task<absl::Status> EventStore::Append(base::CallContext ctx, Event event,
                                            std::optional<Idempotency> idempotency) {
  return Enqueue(std::move(ctx), std::move(event), std::move(idempotency), true);
}

base::Task<absl::Status> EventStore::AppendTogether(base::CallContext ctx, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  co_return (co_await database_.Run(std::move(ctx), std::move(batch))).status();
}

base::Task<absl::Status> EventStore::AppendNow(base::CallContext ctx, Event event) {
  return Enqueue(std::move(ctx), std::move(event), std::nullopt, false);
}

base::Task<absl::Status> EventStore::Enqueue(base::CallContext ctx, Event event,
                                             std::optional<Idempotency> idempotency,
                                             bool cancellable) {
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& candidate) {
    return &candidate->loop() == &ctx.loop();
  });
  if (lane == lanes_.end()) co_return postgres::ShuttingDownError();
  auto pending = std::make_shared<PendingEvent>();
  pending->weight = WeightOf(event, idempotency);
  pending->event = std::move(event);
  pending->idempotency = std::move(idempotency);
  GH_CO_RETURN_IF_ERROR((*lane)->Add(pending));
  base::CancelToken::Registration registration;
  if (cancellable) {
    registration =
        ctx.cancel().OnCancel([done = pending->done] { done.Set(postgres::CancelledError()); });
  }
  absl::Status status = co_await pending->done;
  co_return status;
}

}  // namespace gatehouse::storage
