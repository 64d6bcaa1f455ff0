#include "storage/subscription/subscription_store.h"

#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/sqlstate.h"
#include "storage/subscription/queries/subscription_queries.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = subscription::queries;

Subscription DecodeSubscription(const Uuid& tenant_id, RowView row) {
  return {.tenant_id = tenant_id,
          .name = row.Get<std::string>(0),
          .position = row.Get<int64_t>(1),
          .fence = row.Get<int64_t>(2),
          .event_types = row.Get<std::vector<std::string>>(3),
          .create_time = row.Get<Time>(4),
          .pull_time = row.Get<Time>(5)};
}

absl::Status TooManySubscriptions() {
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         "there are " + std::to_string(SubscriptionStore::kMaxPerTenant) +
                             " subscriptions: delete one that is not needed any more",
                         {.reason = base::Reason::kLimitReached, .quota = "subscriptions"});
}

}  // namespace

Task<absl::StatusOr<std::optional<Subscription>>> SubscriptionStore::Open(
    CallContext ctx, Uuid tenant_id, std::string name, std::vector<std::string> event_types,
    Time now) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kOpen, Params::Of(tenant_id, name, event_types, now)));
  co_return rows.DecodeOne([&](RowView row) { return DecodeSubscription(tenant_id, row); });
}

Task<absl::StatusOr<bool>> SubscriptionStore::Create(CallContext ctx, Subscription subscription,
                                                     Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kInsert,
            Params::Of(subscription.tenant_id, subscription.name, subscription.position,
                       subscription.event_types, subscription.create_time, kMaxPerTenant));
  const absl::Status status = (co_await database_.Run(ctx, std::move(batch))).status();
  if (postgres::IsUniqueViolation(status, "pull_subscription_pkey")) co_return false;
  if (base::HasReason(status, base::Reason::kLimitReached)) co_return TooManySubscriptions();
  GH_CO_RETURN_IF_ERROR(status);
  co_return true;
}

Task<absl::StatusOr<bool>> SubscriptionStore::Acknowledge(CallContext ctx,
                                                          Subscription subscription, Time now) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kAcknowledge,
                               Params::Of(subscription.tenant_id, subscription.name,
                                          subscription.fence, subscription.position, now)));
  co_return !rows.empty();
}

Task<absl::StatusOr<std::optional<Subscription>>> SubscriptionStore::Get(CallContext ctx,
                                                                         Uuid tenant_id,
                                                                         std::string name) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kGet, Params::Of(tenant_id, name)));
  co_return rows.DecodeOne([&](RowView row) { return DecodeSubscription(tenant_id, row); });
}

Task<absl::StatusOr<std::vector<Subscription>>> SubscriptionStore::List(CallContext ctx,
                                                                        Uuid tenant_id,
                                                                        std::string after,
                                                                        int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kList, Params::Of(tenant_id, after, limit)));
  co_return rows.Decode([&](RowView row) { return DecodeSubscription(tenant_id, row); });
}

Task<absl::StatusOr<std::vector<Subscription>>> SubscriptionStore::ListIdle(CallContext ctx,
                                                                            Uuid tenant_id,
                                                                            Time before,
                                                                            int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListIdle, Params::Of(tenant_id, before, limit)));
  co_return rows.Decode([&](RowView row) { return DecodeSubscription(tenant_id, row); });
}

Task<absl::Status> SubscriptionStore::Delete(CallContext ctx, Uuid tenant_id, std::string name,
                                             std::optional<Time> idle_since, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kDelete, Params::Of(tenant_id, name, idle_since));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

}  // namespace gatehouse::storage
