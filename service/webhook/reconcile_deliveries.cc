#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/validate.h"
#include "service/webhook/log_range.h"
#include "service/webhook/wanted_entries.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {
namespace {

// Entries of the log that one call looks at.
constexpr int64_t kMaxEntries = 10'000;

}  // namespace

WebhookService::Result<v1::ReconcileDeliveriesResponse> WebhookService::ReconcileDeliveries(
    base::CallContext ctx, v1::ReconcileDeliveriesRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  const AskedRange asked = CheckRange(checks, request);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::EndpointWithHealth endpoint, co_await Read(ctx, *id));
  const storage::Endpoint& settings = endpoint.endpoint;
  GH_CO_ASSIGN_OR_RETURN(const int64_t created, co_await CreatedIndex(ctx, settings));
  GH_CO_ASSIGN_OR_RETURN(const LogRange range, co_await FindRange(ctx, &deps_.log, asked));
  const int64_t from = std::max(
      {std::min(range.first, range.head + 1), std::min(created, range.head) + 1, range.begin});
  int64_t to = std::min(range.last, from + kMaxEntries - 1);
  std::optional<std::vector<int64_t>> wanted;
  if (to >= from && !settings.payload_filter.empty()) {
    GH_CO_ASSIGN_OR_RETURN(WantedEntries entries,
                           co_await FindWanted(ctx, &deps_.log, settings, from, to));
    wanted = std::move(entries.indexes);
    to = entries.last_index;
  }
  v1::ReconcileDeliveriesResponse response;
  response.set_from_index(from);
  response.set_to_index(to);
  if (to < from) co_return response;
  if (to < range.last) response.set_next_index(to + 1);
  GH_CO_ASSIGN_OR_RETURN(
      const storage::Reconciliation found,
      co_await deps_.deliveries.Reconcile(ctx, {settings.tenant_id, settings.id},
                                          settings.event_types, from, to, std::move(wanted)));
  response.set_matched_count(found.matched);
  response.set_delivered_count(found.delivered);
  response.set_retrying_count(found.retrying);
  response.set_exhausted_count(found.exhausted);
  response.set_dropped_count(found.dropped);
  response.set_pending_count(found.pending);
  response.set_no_longer_known_count(found.no_longer_known);
  response.set_difference(found.matched - found.delivered - found.retrying - found.exhausted -
                          found.dropped - found.pending - found.no_longer_known);
  for (const base::Uuid& missing : found.missing) {
    response.add_missing_event_ids(missing.ToString());
  }
  co_return response;
}

}  // namespace gatehouse::service
