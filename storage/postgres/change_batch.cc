#include "storage/postgres/change_batch.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/event_json.h"
#include "storage/event_leaf.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/mail/mail_batch.h"
#include "storage/postgres/client/params.h"
#include "storage/postgres/client/sqlstate.h"
#include "storage/request/queries/request_queries.h"

namespace gatehouse::storage::postgres {
namespace {

// One array per column: a statement of one text whatever the number of events.
// Text is the events' own until the parameters are made.
struct EventColumns {
  std::vector<base::Uuid> tenant_id, event_id;
  std::vector<std::string_view> type, actor_type, actor_id, actor_label, ip_address, user_agent,
      request_id, trace_id, session_id;
  std::vector<int32_t> outcome;
  std::vector<Jsonb> targets, details;
  std::vector<base::Time> occurred_time, recorded_time;
  std::vector<Bytes> leaf_secret, leaf_hash;
  std::vector<bool> has_envelope;

  void Add(const Event& event) {
    EventLeaf leaf = MakeLeaf(event);
    tenant_id.push_back(event.tenant_id);
    event_id.push_back(event.id);
    type.push_back(event.type);
    outcome.push_back(static_cast<int32_t>(event.outcome));
    actor_type.push_back(event.actor.type);
    actor_id.push_back(event.actor.id);
    actor_label.push_back(event.actor.label);
    targets.push_back({TargetsJson(event.targets)});
    ip_address.push_back(event.ip_address);
    user_agent.push_back(event.user_agent);
    request_id.push_back(event.request_id);
    trace_id.push_back(event.trace_id);
    session_id.push_back(event.session_id);
    details.push_back({event.details_json});
    occurred_time.push_back(event.occurred_time);
    recorded_time.push_back(event.recorded_time);
    leaf_secret.push_back({std::move(leaf.secret)});
    leaf_hash.push_back({std::move(leaf.hash)});
    has_envelope.push_back(event.has_envelope);
  }

  void AddTo(Params& params) const {
    const auto add = [&](const auto&... columns) { (params.Add(columns), ...); };
    add(tenant_id, event_id, type, outcome, actor_type, actor_id, actor_label, targets, ip_address,
        user_agent, request_id, trace_id, session_id, details, occurred_time, recorded_time,
        leaf_secret, leaf_hash, has_envelope);
  }
};

void AppendKey(Batch& batch, const std::optional<Idempotency>& key) {
  if (!key) return;
  batch.Add(request::queries::kInsert,
            Params::Of(key->tenant_id, key->principal_id, key->request_id, key->method,
                       Bytes{key->request_hash}, Bytes{key->response}, key->create_time));
}

}  // namespace

void AppendEvents(Batch& batch, std::span<const Event* const> events) {
  if (events.empty()) return;
  EventColumns columns;
  for (const Event* event : events) columns.Add(*event);
  Params params;
  columns.AddTo(params);
  batch.Add(event_log::queries::kInsert, std::move(params));
  batch.Announce();
}

void AppendChange(Batch& batch, const Change& change) {
  AppendKey(batch, change.idempotency);
  std::vector<const Event*> events;
  for (const Event& event : change.events) events.push_back(&event);
  AppendEvents(batch, events);
  AppendMails(batch, change.mails);
}

void AppendChangeInto(Params& params, Batch& batch, const Change& change) {
  AppendKey(batch, change.idempotency);
  EventColumns columns;
  for (const Event& event : change.events) columns.Add(event);
  columns.AddTo(params);
  batch.Announce();
  AppendMails(batch, change.mails);
}

bool IsReplay(const absl::Status& status) { return IsUniqueViolation(status, "request_pkey"); }

}  // namespace gatehouse::storage::postgres
