#include <string>
#include <vector>

#include "base/status.h"
#include "service/audit/audit_service.h"
#include "service/audit/event_conversion.h"
#include "service/common/event_type.h"
#include "service/common/validate.h"

namespace gatehouse::service {
namespace {

constexpr int kMaxTypes = 32;

absl::Status CheckRequest(const v1::TailEventsRequest& request) {
  FieldChecks checks;
  if (request.from_index() < 0) checks.Fail("from_index", "must not be negative");
  if (request.types_size() > kMaxTypes) {
    checks.Fail("types", "must be at most " + std::to_string(kMaxTypes));
  } else {
    for (int i = 0; i < request.types_size(); ++i) {
      const std::string field = "types[" + std::to_string(i) + "]";
      if (!IsEventTypePattern(request.types(i))) {
        checks.Fail(field, "must be an event type, or one followed by \".*\"");
      } else if (!MayMatch(request.types(i))) {
        checks.Fail(field, kNoSuchEventType);
      }
    }
  }
  return checks.ToStatus();
}

// Of one stream.
class EventSink final : public LogTail::Sink {
 public:
  explicit EventSink(rpc::Writer<v1::TailEventsResponse> writer) : writer_(writer) {}

  base::Task<absl::StatusOr<bool>> OnBegin(int64_t index) override { return OnHeartbeat(index); }
  base::Task<absl::StatusOr<bool>> OnEvent(storage::LoggedEvent event) override {
    v1::TailEventsResponse message;
    GH_CO_RETURN_IF_ERROR(ToProto(event, *message.mutable_event()));
    co_return co_await writer_.Write(message);
  }
  base::Task<absl::StatusOr<bool>> OnHeartbeat(int64_t index) override {
    v1::TailEventsResponse message;
    message.set_heartbeat_index(index);
    co_return co_await writer_.Write(message);
  }

 private:
  rpc::Writer<v1::TailEventsResponse> writer_;
};

}  // namespace

base::Task<absl::Status> AuditService::TailEvents(base::CallContext ctx,
                                                  v1::TailEventsRequest request,
                                                  rpc::Writer<v1::TailEventsResponse> writer) {
  GH_CO_RETURN_IF_ERROR(CheckRequest(request));
  EventSink sink(writer);
  co_return co_await tail_.Follow(
      ctx, request.from_index(),
      std::vector<std::string>(request.types().begin(), request.types().end()), &sink);
}

}  // namespace gatehouse::service
