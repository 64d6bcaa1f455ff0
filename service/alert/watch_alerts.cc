#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "service/alert/alert_conversion.h"
#include "service/alert/alert_service.h"
#include "service/common/validate.h"

namespace gatehouse::service {
namespace {

// What is not resolved is read in pages of so many.
constexpr int64_t kPage = 200;

// Of one stream.
class AlertSink final : public LogTail::Sink {
 public:
  AlertSink(base::CallContext ctx, storage::AlertStore& alerts,
            rpc::Writer<v1::WatchAlertsResponse> writer)
      : ctx_(std::move(ctx)), alerts_(alerts), writer_(writer) {}

  // The position was read before: what changes while the alerts are read comes again.
  base::Task<absl::StatusOr<bool>> OnBegin(int64_t index) override {
    storage::AlertStore::Query query{.tenant_id = ctx_.principal().tenant_id,
                                     .unresolved = true,
                                     .with_server = SeesServerAlerts(ctx_.principal()),
                                     .limit = kPage};
    bool more = true;
    while (more) {
      GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::Alert> page,
                             co_await alerts_.List(ctx_, query));
      for (const storage::Alert& alert : page) {
        v1::WatchAlertsResponse message;
        GH_CO_RETURN_IF_ERROR(ToProto(alert, *message.mutable_current()));
        if (!co_await writer_.Write(message)) co_return false;
        query.before = {alert.first_occurred_time, alert.id};
      }
      more = static_cast<int64_t>(page.size()) == kPage;
    }
    co_return co_await WritePosition(index);
  }

  base::Task<absl::StatusOr<bool>> OnEvent(storage::LoggedEvent event) override {
    const std::optional<base::Uuid> id = AlertOf(event.event);
    if (!id) co_return true;
    GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Alert> alert,
                           co_await alerts_.Get(ctx_, ctx_.principal().tenant_id, *id));
    if (!alert) co_return true;
    if (storage::IsAboutServer(alert->key.kind) && !SeesServerAlerts(ctx_.principal())) {
      co_return true;
    }
    v1::WatchAlertsResponse message;
    GH_CO_RETURN_IF_ERROR(ToProto(*alert, *message.mutable_changed()));
    message.set_position(event.index);
    co_return co_await writer_.Write(message);
  }

  base::Task<absl::StatusOr<bool>> OnHeartbeat(int64_t index) override {
    return WritePosition(index);
  }

 private:
  static std::optional<base::Uuid> AlertOf(const storage::Event& event) {
    for (const storage::EventTarget& target : event.targets) {
      if (target.type == "alert") return base::Uuid::Parse(target.id);
    }
    return std::nullopt;
  }

  base::Task<absl::StatusOr<bool>> WritePosition(int64_t index) {
    v1::WatchAlertsResponse message;
    message.set_position(index);
    co_return co_await writer_.Write(message);
  }

  base::CallContext ctx_;
  storage::AlertStore& alerts_;
  rpc::Writer<v1::WatchAlertsResponse> writer_;
};

}  // namespace

base::Task<absl::Status> AlertService::WatchAlerts(base::CallContext ctx,
                                                   v1::WatchAlertsRequest request,
                                                   rpc::Writer<v1::WatchAlertsResponse> writer) {
  FieldChecks checks;
  if (request.from_position() < 0) checks.Fail("from_position", "must not be negative");
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  AlertSink sink(ctx, deps_.alerts, writer);
  co_return co_await deps_.tail.Follow(ctx, request.from_position(), {"alert.*"}, &sink);
}

}  // namespace gatehouse::service
