#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/page_size.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/webhook/pull/subscription_rules.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {
namespace {

void ToProto(const storage::Subscription& from, int64_t head, v1::Subscription& to) {
  to.set_name(from.name);
  to.set_position(from.position);
  to.set_behind_count(std::max<int64_t>(head - from.position, 0));
  to.mutable_event_types()->Assign(from.event_types.begin(), from.event_types.end());
  SetTimestamp(from.create_time, to.mutable_create_time());
  SetTimestamp(from.pull_time, to.mutable_pull_time());
}

}  // namespace

WebhookService::Result<v1::ListSubscriptionsResponse> WebhookService::ListSubscriptions(
    base::CallContext ctx, v1::ListSubscriptionsRequest request) {
  GH_CO_ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size()));
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const PageScope scope{.method = "ListSubscriptions", .tenant_id = tenant_id};
  GH_CO_ASSIGN_OR_RETURN(const std::string after,
                         deps_.page_tokens.TextBehind(scope, request.page_token()));
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::Subscription> subscriptions,
      co_await deps_.subscriptions.List(ctx, tenant_id, after, int64_t{page_size} + 1));
  GH_CO_ASSIGN_OR_RETURN(const int64_t head, co_await deps_.log.HeadIndex(ctx, tenant_id));
  v1::ListSubscriptionsResponse response;
  for (const storage::Subscription& subscription : subscriptions) {
    if (response.subscriptions_size() == page_size) {
      const std::string& last = response.subscriptions(page_size - 1).name();
      response.set_next_page_token(deps_.page_tokens.Make(scope, {last}));
      break;
    }
    ToProto(subscription, head, *response.add_subscriptions());
  }
  co_return response;
}

WebhookService::Result<v1::DeleteSubscriptionResponse> WebhookService::DeleteSubscription(
    base::CallContext ctx, v1::DeleteSubscriptionRequest request, MutationKey key) {
  FieldChecks checks;
  CheckSubscriptionName(checks, "name", request.name());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const v1::DeleteSubscriptionResponse response;
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Subscription> found,
                         co_await deps_.subscriptions.Get(ctx, tenant_id, request.name()));
  if (request.validate_only()) co_return response;
  const base::Time now = deps_.clock.Now();
  if (!found) co_return co_await deps_.once.Unchanged(ctx, key, now, response);
  storage::Change change{.events = {UnsubscribedEvent(ctx, now, *found)},
                         .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.subscriptions.Delete(ctx, tenant_id, found->name,
                                                            std::nullopt, std::move(change)));
  co_return response;
}

}  // namespace gatehouse::service
