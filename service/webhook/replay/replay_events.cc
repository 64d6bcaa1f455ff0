#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/webhook/endpoint/endpoint_rules.h"
#include "service/webhook/log_range.h"
#include "service/webhook/replay/replay_event.h"
#include "service/webhook/replay/replay_fields.h"
#include "service/webhook/wanted_entries.h"
#include "service/webhook/webhook_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

constexpr int32_t kDefaultPerSecond = 50;
// As many as one slice of a replay looks at.
constexpr int32_t kMaxPerSecond = 1'000;
// Entries of the log that one dry run looks at, and that each of its statements does.
constexpr int64_t kMaxCounted = 100'000;
constexpr int64_t kCountedAtATime = 10'000;
// The same where the bodies have to be read for a payload_filter.
constexpr int64_t kMaxFiltered = 10'000;

// What has not arrived, as far as it is known, and does not come by itself.
constexpr v1::DeliveryOutcome kDefaultOutcomes[] = {
    v1::DELIVERY_OUTCOME_EXHAUSTED, v1::DELIVERY_OUTCOME_DROPPED, v1::DELIVERY_OUTCOME_NEVER_SENT};

std::vector<int32_t> OutcomesOf(const v1::ReplayEventsRequest& request, FieldChecks& checks) {
  if (request.outcomes().empty()) {
    return {std::begin(kDefaultOutcomes), std::end(kDefaultOutcomes)};
  }
  std::set<int32_t> outcomes;
  for (int i = 0; i < request.outcomes_size(); ++i) {
    const int32_t outcome = request.outcomes(i);
    if (outcome == v1::DELIVERY_OUTCOME_UNSPECIFIED || !v1::DeliveryOutcome_IsValid(outcome)) {
      checks.Fail("outcomes[" + std::to_string(i) + "]", "is not a known outcome");
      continue;
    }
    outcomes.insert(outcome);
  }
  return {outcomes.begin(), outcomes.end()};
}

int32_t PerSecondOf(const v1::ReplayEventsRequest& request, FieldChecks& checks) {
  const int32_t asked = request.max_events_per_second();
  if (asked == 0) return kDefaultPerSecond;
  if (asked < 0 || asked > kMaxPerSecond) {
    checks.Fail("max_events_per_second", "must be 1 to " + std::to_string(kMaxPerSecond));
  }
  return asked;
}

// All of the request but where its stretch of the log begins and ends.
storage::Replay AskedReplay(const base::CallContext& ctx, base::Time now,
                            const v1::ReplayEventsRequest& request, FieldChecks& checks) {
  storage::Replay replay{.tenant_id = ctx.principal().tenant_id,
                         .id = base::Uuid::MakeV7(now),
                         .outcomes = OutcomesOf(request, checks),
                         .max_per_second = PerSecondOf(request, checks),
                         // So its first second is like any other.
                         .paced_until = now - std::chrono::seconds(1),
                         .create_time = now};
  replay.event_types.assign(request.event_types().begin(), request.event_types().end());
  if (!replay.event_types.empty()) {
    checks.Check(CheckEventPatterns(replay.event_types, "event_types"));
  }
  if (request.to_index() > 0 && request.from_index() > request.to_index()) {
    checks.Fail("to_index", "must not be below from_index");
  }
  return replay;
}

// Goes through `replay` without sending anything; stops after kMaxCounted entries.
base::Task<absl::StatusOr<storage::Replay>> Count(base::CallContext ctx,
                                                  storage::ReplayStore* replays,
                                                  storage::EventLog* log, storage::Replay replay,
                                                  storage::Endpoint endpoint) {
  const bool filtered = !endpoint.payload_filter.empty();
  const int64_t end =
      std::min(replay.last_index, replay.first_index + (filtered ? kMaxFiltered : kMaxCounted) - 1);
  while (replay.position < end) {
    int64_t last = std::min(end, replay.position + kCountedAtATime);
    std::optional<std::vector<int64_t>> wanted;
    if (filtered) {
      GH_CO_ASSIGN_OR_RETURN(WantedEntries entries,
                             co_await FindWanted(ctx, log, endpoint, replay.position + 1, last));
      wanted = std::move(entries.indexes);
      last = entries.last_index;
    }
    // A limit that none of them reaches.
    GH_CO_ASSIGN_OR_RETURN(const storage::ReplaySlice slice,
                           co_await replays->Find(ctx, replay, endpoint.event_types, last,
                                                  kCountedAtATime + 1, std::move(wanted)));
    replay.position = slice.through;
    replay.matched_count += slice.matched;
    replay.scheduled_count += static_cast<int64_t>(slice.chosen.size());
  }
  co_return replay;
}

}  // namespace

WebhookService::Result<v1::ReplayEventsResponse> WebhookService::ReplayEvents(
    base::CallContext ctx, v1::ReplayEventsRequest request, MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  const AskedRange asked = CheckRange(checks, request);
  storage::Replay replay = AskedReplay(ctx, now, request, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::EndpointWithHealth endpoint, co_await Read(ctx, *id));
  GH_CO_ASSIGN_OR_RETURN(const LogRange range, co_await FindRange(ctx, &deps_.log, asked));
  replay.endpoint_id = *id;
  replay.first_index = std::min(range.first, range.head + 1);
  if (replay.first_index == 0) {
    GH_CO_ASSIGN_OR_RETURN(const int64_t created, co_await CreatedIndex(ctx, endpoint.endpoint));
    replay.first_index = std::min(created, range.head) + 1;
  }
  replay.first_index = std::max(replay.first_index, range.begin);
  replay.last_index = std::max(range.last, replay.first_index - 1);
  replay.position = replay.first_index - 1;

  v1::ReplayEventsResponse response;
  if (request.validate_only()) {
    GH_CO_ASSIGN_OR_RETURN(
        const storage::Replay counted,
        co_await Count(ctx, &deps_.replays, &deps_.log, replay, endpoint.endpoint));
    ToProto(counted, *response.mutable_replay());
    response.mutable_replay()->clear_id();
    if (!counted.done()) response.set_next_index(counted.position + 1);
    co_return response;
  }
  ToProto(replay, *response.mutable_replay());
  storage::Change change{
      .events = {ReplayEvent(ctx, now, storage::event_types::kWebhookReplayStarted, replay,
                             JsonObject()
                                 .AddNumber("from_index", replay.first_index)
                                 .AddNumber("to_index", replay.last_index)
                                 .ToString())},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.replays.Create(ctx, replay, std::move(change)));
  co_return response;
}

}  // namespace gatehouse::service
