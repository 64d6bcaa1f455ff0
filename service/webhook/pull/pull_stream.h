#ifndef GATEHOUSE_SERVICE_WEBHOOK_PULL_PULL_STREAM_H_
#define GATEHOUSE_SERVICE_WEBHOOK_PULL_PULL_STREAM_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/cancel.h"
#include "base/async/semaphore.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "gatehouse/v1/webhook_pull.pb.h"
#include "rpc/method/message_stream.h"
#include "service/webhook/pull/pull_inbox.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"
#include "storage/subscription/subscription_store.h"

namespace gatehouse::service {

// One pull, from when its subscription is open: sends events in the order of the log, as many as
// may be on their way, and makes durable what the client acknowledges.
//
// Lives in the handler. Thread: its loop.
class PullStream {
 public:
  struct Deps {
    storage::EventLog& log;
    storage::SubscriptionStore& subscriptions;
    base::Semaphore& turns;
    const base::Clock& clock;
    // See WebhookService::Options.
    std::chrono::milliseconds pause;
    std::chrono::milliseconds heartbeat;
  };
  using Writer = rpc::Writer<v1::PullEventsResponse>;

  // `payload_filter` was parsed before. `feed` was subscribed to before the subscription's position
  // was read.
  PullStream(Deps deps, base::CallContext ctx, storage::Subscription subscription,
             std::string payload_filter, size_t max_unacked,
             std::unique_ptr<storage::LogFeed::Subscription> feed, PullInbox& inbox, Writer writer);

  // Until the client ends it, or something else does.
  base::Task<absl::Status> Run();

 private:
  // False once the client is gone.
  base::Task<absl::StatusOr<bool>> Turn();
  base::Task<absl::StatusOr<bool>> SendPage();
  base::Task<absl::StatusOr<bool>> Wait(base::CancelToken wake);
  base::Task<absl::StatusOr<bool>> SendHeartbeat();
  // How far it is, made durable and said.
  base::Task<absl::StatusOr<bool>> Report();
  // That the caller may still have these events.
  base::Task<absl::Status> Recheck();
  // Takes over what was acknowledged.
  absl::Status TakeAcks();
  // Makes it durable, by this context: that of the call, or of its end.
  base::Task<absl::Status> Store(base::CallContext ctx);
  base::Task<absl::Status> StoreLast();

  size_t room() const { return max_unacked_ - unacked_.size(); }
  // Everything up to here is done.
  int64_t done() const { return unacked_.empty() ? next_ - 1 : unacked_.front() - 1; }

  Deps deps_;
  const base::CallContext ctx_;
  // As it is stored.
  storage::Subscription subscription_;
  const std::string payload_filter_;
  const size_t max_unacked_;
  const std::unique_ptr<storage::LogFeed::Subscription> feed_;
  PullInbox& inbox_;
  Writer writer_;
  // Where to read on.
  int64_t next_;
  int64_t last_sent_ = 0;
  std::deque<int64_t> unacked_;
  // Something was acknowledged that is not stored.
  bool acked_ = false;
  // There may be something to read.
  bool more_ = true;
  base::SteadyTime heartbeat_due_;
  base::SteadyTime recheck_due_;
  base::SteadyTime store_due_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_PULL_PULL_STREAM_H_
