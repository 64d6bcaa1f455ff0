#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "service/alert/alert_conversion.h"
#include "service/alert/alert_service.h"
#include "service/common/page_size.h"
#include "service/common/validate.h"

namespace gatehouse::service {
namespace {

using Position = std::pair<base::Time, base::Uuid>;

std::vector<std::string> PositionOf(const storage::Alert& alert) {
  return {std::to_string(base::ToMicros(alert.first_occurred_time)), alert.id.ToString()};
}

// What PositionOf made: page tokens are ours.
Position ParsePosition(const std::vector<std::string>& position) {
  int64_t micros = 0;
  const std::string& time = position.at(0);
  std::from_chars(time.data(), time.data() + time.size(), micros);
  return {base::TimeFromMicros(micros), base::Uuid::Parse(position.at(1)).value_or(base::Uuid())};
}

}  // namespace

base::Task<absl::StatusOr<storage::Alert>> AlertService::Read(base::CallContext ctx,
                                                              base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::Alert> alert,
                         co_await deps_.alerts.Get(ctx, ctx.principal().tenant_id, id));
  const bool hidden =
      alert && storage::IsAboutServer(alert->key.kind) && !SeesServerAlerts(ctx.principal());
  if (!alert || hidden) {
    co_return base::MakeError(absl::StatusCode::kNotFound, "no such alert",
                              {.reason = base::Reason::kAlertNotFound});
  }
  co_return *std::move(alert);
}

AlertService::Result<v1::GetAlertResponse> AlertService::GetAlert(base::CallContext ctx,
                                                                  v1::GetAlertRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("alert_id", request.alert_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::Alert alert, co_await Read(ctx, *id));
  v1::GetAlertResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(alert, *response.mutable_alert()));
  co_return response;
}

AlertService::Result<v1::ListAlertsResponse> AlertService::ListAlerts(
    base::CallContext ctx, v1::ListAlertsRequest request) {
  FieldChecks checks;
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size());
  checks.Check(page_size.status());
  storage::AlertStore::Query query{
      .tenant_id = ctx.principal().tenant_id,
      .endpoint_id = checks.OptionalUuid("endpoint_id", request.endpoint_id()),
      .with_server = SeesServerAlerts(ctx.principal())};
  if (!v1::AlertState_IsValid(request.state())) checks.Fail("state", "is not a known state");
  if (!v1::AlertKind_IsValid(request.kind())) checks.Fail("kind", "is not a known kind");
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (request.state() != v1::ALERT_STATE_UNSPECIFIED) {
    query.state = static_cast<storage::AlertState>(request.state());
  }
  if (request.kind() != v1::ALERT_KIND_UNSPECIFIED) {
    query.kind = static_cast<storage::AlertKind>(request.kind());
  }
  query.limit = int64_t{*page_size} + 1;

  const PageScope scope{.method = "ListAlerts",
                        .tenant_id = query.tenant_id,
                        .query = {std::to_string(request.state()), std::to_string(request.kind()),
                                  query.endpoint_id.ToString()}};
  if (!request.page_token().empty()) {
    GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> position,
                           deps_.page_tokens.Open(scope, request.page_token()));
    query.before = ParsePosition(position);
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::Alert> alerts,
                         co_await deps_.alerts.List(ctx, query));
  v1::ListAlertsResponse response;
  const storage::Alert* last = nullptr;
  for (const storage::Alert& alert : alerts) {
    if (response.alerts_size() == *page_size) {
      response.set_next_page_token(deps_.page_tokens.Make(scope, PositionOf(*last)));
      break;
    }
    GH_CO_RETURN_IF_ERROR(ToProto(alert, *response.add_alerts()));
    last = &alert;
  }
  co_return response;
}

}  // namespace gatehouse::service
