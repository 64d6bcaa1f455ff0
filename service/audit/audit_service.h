#ifndef GATEHOUSE_SERVICE_AUDIT_AUDIT_SERVICE_H_
#define GATEHOUSE_SERVICE_AUDIT_AUDIT_SERVICE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/audit.pb.h"
#include "rpc/method/message_stream.h"
#include "service/common/idempotent.h"
#include "service/common/log_tail.h"
#include "service/common/page_token.h"
#include "storage/event_log/event_log.h"
#include "storage/event_log/event_store.h"
#include "storage/log_feed.h"

namespace gatehouse::service {

// gatehouse.v1.AuditService; what each method does stands in the .proto file.
//
// Its methods run on the loop of their context, any number at a time.
// What it is made of outlives it, and it outlives its calls.
class AuditService {
 public:
  struct Deps {
    storage::EventStore& events;
    storage::EventLog& log;
    storage::LogFeed& feed;
    IdempotentCalls& once;
    const PageTokens& page_tokens;
    const base::Clock& clock;
  };

  // `tail`: also of other services' streams.
  AuditService(Deps deps, LogTail::Options tail) : deps_(deps), tail_(deps.log, deps.feed, tail) {}

  template <typename T>
  using Result = base::Task<absl::StatusOr<T>>;

  Result<v1::RecordEventResponse> RecordEvent(base::CallContext ctx,
                                              v1::RecordEventRequest request);
  Result<v1::GetEventResponse> GetEvent(base::CallContext ctx, v1::GetEventRequest request);
  Result<v1::ListEventsResponse> ListEvents(base::CallContext ctx, v1::ListEventsRequest request);
  base::Task<absl::Status> TailEvents(base::CallContext ctx, v1::TailEventsRequest request,
                                      rpc::Writer<v1::TailEventsResponse> writer);

  // What follows the log for streams: those of all services take turns at it.
  LogTail& tail() { return tail_; }
  const LogTail& tail() const { return tail_; }

 private:
  // The mutation within RecordEvent.
  Result<v1::RecordEventResponse> Append(base::CallContext ctx, v1::RecordEventRequest request,
                                         MutationKey key);
  // The index of an event that is committed, as soon as it has one.
  Result<int64_t> WaitForIndex(base::CallContext ctx, base::Uuid event_id,
                               std::shared_ptr<storage::LogFeed::Subscription> news);

  const Deps deps_;
  LogTail tail_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_AUDIT_AUDIT_SERVICE_H_
