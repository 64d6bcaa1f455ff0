#include "storage/delivery/delivery_store.h"

#include <string>
#include <utility>

#include "base/status.h"
#include "storage/alert/alert_batch.h"
#include "storage/delivery/columns.h"
#include "storage/delivery/flush_rows.h"
#include "storage/delivery/queries/delivery_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = delivery::queries;

DeliveryLease DecodeLease(RowView row) {
  return {.key = {row.Get<Uuid>(0), row.Get<Uuid>(1)},
          .fence = row.Get<int64_t>(2),
          .position = row.Get<int64_t>(3),
          .next_due = row.Get<std::optional<Time>>(4),
          .consecutive_failures = row.Get<int32_t>(5),
          .breaker_open = row.Get<bool>(6),
          .failing_since = row.Get<std::optional<Time>>(7),
          .exhausted_count = row.Get<int32_t>(8),
          .alerted = row.Get<int32_t>(9),
          .recent = row.Get<Bytes>(10).value,
          .held_keys = row.Get<std::vector<std::string>>(11)};
}

ExceptionRecord DecodeException(const EndpointKey& key, RowView row) {
  return {.key = key,
          .event_index = row.Get<int64_t>(0),
          .event_id = row.Get<Uuid>(1),
          .event_type = row.Get<std::string>(2),
          .ordering_key = row.Get<std::string>(5),
          .attempts = row.Get<int32_t>(3),
          .due = row.Get<Time>(4),
          .state = DeliveryState::kRetrying};
}

AttemptRecord DecodeAttempt(const EndpointKey& key, const Delivery& delivery, RowView row) {
  return {.key = key,
          .event_index = delivery.event_index,
          .attempt_id = row.Get<Uuid>(6),
          .event_id = delivery.event_id,
          .event_type = delivery.event_type,
          .start_time = row.Get<Time>(7),
          .latency = base::Duration(row.Get<int64_t>(8)),
          .status_code = row.Get<int32_t>(9),
          .error_class = row.Get<std::string>(10),
          .response_head = row.Get<std::string>(11)};
}

// One delivery per index, from one row per attempt.
std::vector<Delivery> DecodeDeliveries(const EndpointKey& key, const Rows& rows) {
  std::vector<Delivery> deliveries;
  for (const RowView row : rows) {
    const std::optional<int64_t> index = row.Get<std::optional<int64_t>>(0);
    if (!index) continue;
    if (deliveries.empty() || deliveries.back().event_index != *index) {
      Delivery& added = deliveries.emplace_back();
      added.event_index = *index;
      added.event_id = row.Get<Uuid>(1);
      added.event_type = row.Get<std::string>(2);
      const std::optional<int32_t> state = row.Get<std::optional<int32_t>>(3);
      const bool settled = row.Get<bool>(5);
      // Without an exception: a canary that failed, as long as it is not settled.
      added.state = state     ? static_cast<DeliveryState>(*state)
                    : settled ? DeliveryState::kDropped
                              : DeliveryState::kRetrying;
      if (added.state == DeliveryState::kRetrying) {
        added.next_attempt_time = row.Get<std::optional<Time>>(4);
        added.held = added.next_attempt_time == Time::max();
        if (added.held) added.next_attempt_time.reset();
      }
    }
    Delivery& delivery = deliveries.back();
    if (row.IsNull(6)) continue;
    delivery.attempts.push_back(DecodeAttempt(key, delivery, row));
    if (row.IsNull(3) && delivery.attempts.back().error_class.empty()) {
      delivery.state = DeliveryState::kSucceeded;
    }
  }
  return deliveries;
}

absl::StatusOr<std::vector<Delivery>> GroupDeliveries(const EndpointKey& key, const Rows& rows) {
  try {
    return DecodeDeliveries(key, rows);
  } catch (const postgres::DecodeError& error) {
    return base::InternalError(error.what());
  }
}

}  // namespace

Task<absl::StatusOr<std::vector<DeliveryStore::Fanout>>> DeliveryStore::ListFanouts(
    CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kListFanouts, Params()));
  co_return rows.Decode([](RowView row) {
    return Fanout{.tenant_id = row.Get<Uuid>(0),
                  .position = row.Get<int64_t>(1),
                  .head_index = row.Get<int64_t>(2)};
  });
}

Task<absl::StatusOr<int64_t>> DeliveryStore::AdvanceFanout(CallContext ctx, Uuid tenant_id,
                                                           int64_t from, int64_t to,
                                                           std::vector<Mark> marks) {
  Batch batch;
  batch.Add(queries::kAdvanceFanout, Params::Of(tenant_id, from, to));
  if (!marks.empty()) {
    batch.Add(queries::kMarkBehind,
              Params::Of(tenant_id, to, Column(marks, [](const Mark& m) { return m.endpoint_id; }),
                         Column(marks, [](const Mark& m) { return m.first_index; }),
                         Column(marks, [](const Mark& m) { return m.created_index; })));
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(ctx, std::move(batch)));
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<std::optional<int64_t>> position,
      results[0].Decode([](RowView row) { return row.Get<std::optional<int64_t>>(0); }));
  if (position.empty() || !position[0]) co_return base::InternalError("no fan-out cursor");
  co_return *position[0];
}

Task<absl::StatusOr<std::vector<DeliveryLease>>> DeliveryStore::Lease(
    CallContext ctx, Uuid owner, std::chrono::milliseconds length, std::vector<Want> wanted) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(
          ctx, queries::kLease,
          Params::Of(owner, int64_t{length.count()},
                     Column(wanted, [](const Want& w) { return w.key.tenant_id; }),
                     Column(wanted, [](const Want& w) { return w.key.endpoint_id; }),
                     Column(wanted, [](const Want& w) { return w.first_index; }))));
  co_return rows.Decode(DecodeLease);
}

Task<absl::StatusOr<std::vector<DeliveryLease>>> DeliveryStore::LeaseDue(
    CallContext ctx, Uuid owner, std::chrono::milliseconds length, Time now,
    std::vector<EndpointKey> held, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(
          ctx, queries::kLeaseDue,
          Params::Of(owner, int64_t{length.count()}, now,
                     Column(held, [](const EndpointKey& k) { return k.tenant_id; }),
                     Column(held, [](const EndpointKey& k) { return k.endpoint_id; }), limit)));
  co_return rows.Decode(DecodeLease);
}

Task<absl::StatusOr<int64_t>> DeliveryStore::FreeGone(CallContext ctx, Uuid owner) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kFreeGone, Params::Of(owner)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> freed,
                         rows.DecodeOne([](RowView row) { return row.Get<int64_t>(0); }));
  co_return freed.value_or(0);
}

Task<absl::Status> DeliveryStore::Withdraw(CallContext ctx, Uuid owner, int64_t lock_key) {
  co_return (co_await database_.Query(ctx, queries::kWithdraw, Params::Of(owner, lock_key)))
      .status();
}

Task<absl::StatusOr<FlushOutcome>> DeliveryStore::Flush(CallContext ctx, Uuid owner,
                                                        std::chrono::milliseconds length,
                                                        DeliveryFlush flush) {
  const auto decode_key = [](RowView row) {
    return EndpointKey{row.Get<Uuid>(0), row.Get<Uuid>(1)};
  };
  const auto decode_released = [&](RowView row) {
    return FlushOutcome::Released{.key = decode_key(row), .ordering_key = row.Get<std::string>(2)};
  };
  FlushOutcome outcome;
  if (flush.alerts.empty() && flush.releases.empty()) {
    GH_CO_ASSIGN_OR_RETURN(
        const Rows rows,
        co_await database_.Query(ctx, queries::kFlush, FlushParams(owner, length, flush)));
    GH_CO_ASSIGN_OR_RETURN(outcome.live, rows.Decode(decode_key));
    co_return outcome;
  }
  Batch batch;
  batch.Add(queries::kFlush, FlushParams(owner, length, flush));
  const bool has_releases = !flush.releases.empty();
  if (has_releases) batch.Add(queries::kReleaseKeys, ReleaseParams(owner, flush.releases));
  if (!flush.alerts.empty()) AppendAlerts(batch, ctx, std::move(flush.alerts));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(ctx, std::move(batch)));
  GH_CO_ASSIGN_OR_RETURN(outcome.live, results[0].Decode(decode_key));
  if (has_releases) {
    GH_CO_ASSIGN_OR_RETURN(outcome.released, results[1].Decode(decode_released));
  }
  co_return outcome;
}

Task<absl::Status> DeliveryStore::ReleaseLeases(CallContext ctx, std::vector<Release> releases) {
  co_return (co_await database_.Query(
                 ctx, queries::kRelease,
                 Params::Of(Column(releases, [](const Release& r) { return r.key.tenant_id; }),
                            Column(releases, [](const Release& r) { return r.key.endpoint_id; }),
                            Column(releases, [](const Release& r) { return r.fence; }),
                            Column(releases, [](const Release& r) { return r.position; }),
                            Column(releases, [](const Release& r) { return r.done; }))))
      .status();
}

Task<absl::StatusOr<std::vector<ExceptionRecord>>> DeliveryStore::ListExceptions(
    CallContext ctx, EndpointKey key, std::vector<int64_t> except, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListExceptions,
                               Params::Of(key.tenant_id, key.endpoint_id, except, limit)));
  co_return rows.Decode([&](RowView row) { return DecodeException(key, row); });
}

Task<absl::StatusOr<std::vector<ExceptionRecord>>> DeliveryStore::ListFollowers(
    CallContext ctx, EndpointKey key, std::string ordering_key, int64_t after, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(
                           ctx, queries::kListFollowers,
                           Params::Of(key.tenant_id, key.endpoint_id, ordering_key, after, limit)));
  co_return rows.Decode([&](RowView row) { return DecodeException(key, row); });
}

Task<absl::StatusOr<std::vector<DeliveryStore::Predecessor>>> DeliveryStore::ListPredecessors(
    CallContext ctx, EndpointKey key, std::string ordering_key, int64_t index) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListPredecessors,
                               Params::Of(key.tenant_id, key.endpoint_id, ordering_key, index)));
  co_return rows.Decode([](RowView row) {
    return Predecessor{
        .index = row.Get<int64_t>(0), .event_id = row.Get<Uuid>(1), .retrying = row.Get<bool>(2)};
  });
}

Task<absl::StatusOr<std::vector<DeliveryStore::Backlog>>> DeliveryStore::ListBacklogs(
    CallContext ctx, Uuid except, Time paced_since) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListBacklogs, Params::Of(except, paced_since)));
  co_return rows.Decode([](RowView row) {
    return Backlog{.tenant_id = row.Get<Uuid>(0), .oldest_time = row.Get<Time>(1)};
  });
}

Task<absl::Status> DeliveryStore::Redeliver(CallContext ctx, ExceptionRecord redelivered,
                                            Change change) {
  const EndpointKey& key = redelivered.key;
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kLock, Params::Of(key.tenant_id, key.endpoint_id));
  batch.Add(queries::kRedeliver, Params::Of(key.tenant_id, key.endpoint_id, redelivered.event_index,
                                            redelivered.event_id, redelivered.event_type,
                                            redelivered.due, redelivered.ordering_key));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::StatusOr<std::optional<Delivery>>> DeliveryStore::GetDelivery(CallContext ctx,
                                                                         EndpointKey key,
                                                                         Uuid event_id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(ctx, queries::kGetDelivery,
                                                Params::Of(key.tenant_id, key.endpoint_id, event_id,
                                                           kMaxDeliveryBytes)));
  GH_CO_ASSIGN_OR_RETURN(std::vector<Delivery> deliveries, GroupDeliveries(key, rows));
  if (deliveries.empty()) co_return std::nullopt;
  co_return std::move(deliveries.front());
}

Task<absl::StatusOr<bool>> DeliveryStore::IsNoLongerKnown(CallContext ctx, EndpointKey key,
                                                          Uuid event_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kIsNoLongerKnown,
                                                  Params::Of(key.endpoint_id, event_id)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<bool> forgotten,
                         rows.DecodeOne([](RowView row) { return row.Get<bool>(0); }));
  co_return forgotten.value_or(false);
}

Task<absl::StatusOr<std::optional<std::vector<Delivery>>>> DeliveryStore::ListDeliveries(
    CallContext ctx, DeliveryQuery query) {
  Params params = Params::Of(query.key.tenant_id, query.key.endpoint_id, query.before, query.limit);
  const bool failed = query.state && *query.state != DeliveryState::kSucceeded;
  if (failed) {
    params.Add(static_cast<int32_t>(*query.state));
  } else {
    params.Add(query.state.has_value());
  }
  params.Add(kMaxDeliveryBytes);
  params.Add(query.max_bytes);
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(
                           ctx, failed ? queries::kListFailedDeliveries : queries::kListDeliveries,
                           std::move(params)));
  if (rows.empty()) co_return std::nullopt;
  co_return GroupDeliveries(query.key, rows);
}

Task<absl::StatusOr<Reconciliation>> DeliveryStore::Reconcile(
    CallContext ctx, EndpointKey key, std::vector<std::string> patterns, int64_t first,
    int64_t last, std::optional<std::vector<int64_t>> wanted) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kReconcile,
                                                  Params::Of(key.tenant_id, key.endpoint_id, first,
                                                             last, patterns, kMaxMissing, wanted)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<Reconciliation> found, rows.DecodeOne([](RowView row) {
    return Reconciliation{.matched = row.Get<int32_t>(0),
                          .delivered = row.Get<int32_t>(1),
                          .retrying = row.Get<int32_t>(2),
                          .exhausted = row.Get<int32_t>(3),
                          .dropped = row.Get<int32_t>(4),
                          .pending = row.Get<int32_t>(5),
                          .no_longer_known = row.Get<int32_t>(6),
                          .missing = row.Get<std::vector<Uuid>>(7)};
  }));
  co_return found.value_or(Reconciliation());
}

}  // namespace gatehouse::storage
