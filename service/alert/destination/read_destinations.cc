#include <optional>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "service/alert/alert_service.h"
#include "service/alert/destination/destination_fields.h"
#include "service/common/validate.h"

namespace gatehouse::service {

AlertService::Result<storage::AlertDestination> AlertService::ReadDestination(base::CallContext ctx,
                                                                              base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::AlertDestination> destination,
                         co_await deps_.destinations.Get(ctx, ctx.principal().tenant_id, id));
  if (!destination) {
    co_return base::MakeError(absl::StatusCode::kNotFound, "no such alert destination",
                              {.reason = base::Reason::kAlertNotFound});
  }
  co_return *std::move(destination);
}

AlertService::Result<v1::GetAlertDestinationResponse> AlertService::GetAlertDestination(
    base::CallContext ctx, v1::GetAlertDestinationRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id =
      checks.RequireUuid("destination_id", request.destination_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::AlertDestination destination,
                         co_await ReadDestination(ctx, *id));
  v1::GetAlertDestinationResponse response;
  ToProto(destination, *response.mutable_destination());
  co_return response;
}

AlertService::Result<v1::ListAlertDestinationsResponse> AlertService::ListAlertDestinations(
    base::CallContext ctx, v1::ListAlertDestinationsRequest request) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::AlertDestination> destinations,
                         co_await deps_.destinations.List(ctx, ctx.principal().tenant_id));
  v1::ListAlertDestinationsResponse response;
  for (const storage::AlertDestination& destination : destinations) {
    ToProto(destination, *response.add_destinations());
  }
  co_return response;
}

}  // namespace gatehouse::service
