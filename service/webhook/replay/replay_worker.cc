#include "service/webhook/replay/replay_worker.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "base/system_context.h"
#include "service/common/json.h"
#include "service/webhook/replay/replay_event.h"
#include "service/webhook/wanted_entries.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::Task;
using std::chrono::seconds;
using std::chrono::steady_clock;
using storage::Replay;
using storage::ReplayHold;
using storage::ReplaySlice;
using storage::ReplayState;

constexpr char kName[] = "replays";
constexpr seconds kPause(1);
// Pace is kept over this time: a turn that comes late makes up for no more.
constexpr seconds kBurst(1);
// Entries of the log that one slice looks at: some milliseconds of the database, and at most as
// many events.
constexpr int64_t kSliceEntries = 1'000;
constexpr int kSlicesPerTurn = 20;
constexpr int64_t kReplaysPerTurn = 100;
// Of one replay in a turn.
constexpr seconds kReplayTimeout(10);
// While the receiver is down, one event that shows when it is back is enough.
constexpr int64_t kMaxWaitingWhileOpen = 1;

base::Time PacedFrom(const Replay& replay, base::Time now) {
  return std::max(replay.paced_until, now - kBurst);
}

// How many events its rate allows at `now`.
int64_t Allowance(const Replay& replay, base::Time now) {
  const base::Duration unused = now - PacedFrom(replay, now);
  return std::max<int64_t>(unused.count(), 0) * replay.max_per_second /
         base::Duration(kBurst).count();
}

// How many retries may be added to those that wait at the endpoint.
int64_t RoomAt(const storage::EndpointHealth& health) {
  return (health.breaker_open ? kMaxWaitingWhileOpen : ReplayWorker::kMaxWaiting) -
         health.retrying_count;
}

ReplayHold HoldOf(const storage::EndpointWithHealth& endpoint) {
  switch (endpoint.endpoint.state) {
    case storage::EndpointState::kPaused:
      return ReplayHold::kEndpointPaused;
    case storage::EndpointState::kDisabled:
      return ReplayHold::kEndpointDisabled;
    case storage::EndpointState::kEnabled:
      break;
  }
  if (RoomAt(endpoint.health) > 0) return ReplayHold::kNone;
  return endpoint.health.breaker_open ? ReplayHold::kBreakerOpen : ReplayHold::kRetriesWaiting;
}

bool TellsOfAReplay(const storage::LogFeed::News& news) {
  if (news.incomplete) return true;
  return std::ranges::any_of(news.batches, [](const auto& batch) {
    return std::ranges::any_of(batch->entries, [](const storage::LogEntry& entry) {
      return entry.type == storage::event_types::kWebhookReplayStarted;
    });
  });
}

}  // namespace

ReplayWorker::ReplayWorker(base::Loop& loop, Deps deps, base::Duration look_again)
    : deps_(deps),
      look_again_(look_again),
      news_(deps.feed.Subscribe(loop)),
      turns_(loop,
             {.name = kName,
              .pause = kPause,
              .rest = [this](base::CancelToken cancel) { return Rest(std::move(cancel)); }},
             [this](base::CallContext ctx) { return RunOnce(std::move(ctx)); }) {}

Task<void> ReplayWorker::Rest(base::CancelToken cancel) {
  const auto begun = steady_clock::now();
  // No sooner, however much there is to be told of: where another instance orders the log, this one
  // hears that it did, and not what.
  const auto soonest = begun + kPause;
  const auto latest = begun + look_again_;
  bool wanted = any_;
  while (!cancel.cancelled()) {
    const auto until = wanted ? soonest : latest;
    if (steady_clock::now() >= until) co_return;
    const storage::LogFeed::News news = co_await news_->Next(until, cancel);
    wanted = wanted || TellsOfAReplay(news);
  }
}

Task<absl::Status> ReplayWorker::RunOnce(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Replay> replays,
                         co_await deps_.replays.ListLive(ctx, last_, kReplaysPerTurn));
  any_ = !replays.empty() || !last_.id.is_nil();
  absl::Status problem;
  for (const Replay& replay : replays) {
    last_ = {.tenant_id = replay.tenant_id, .id = replay.id};
    const auto left =
        std::min<steady_clock::duration>(ctx.deadline() - steady_clock::now(), kReplayTimeout);
    // One that fails holds up no other.
    problem.Update(co_await Work(
        base::SystemContext(ctx.loop(), kName, left, ctx.cancel(), replay.tenant_id), replay));
  }
  if (replays.size() < kReplaysPerTurn) last_ = {};
  co_return problem;
}

Task<absl::Status> ReplayWorker::Work(base::CallContext ctx, Replay replay) {
  for (int i = 0; i < kSlicesPerTurn; ++i) {
    GH_CO_ASSIGN_OR_RETURN(const bool more, co_await Step(ctx, &replay));
    if (!more) break;
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<bool>> ReplayWorker::Step(base::CallContext ctx, Replay* replay) {
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::EndpointWithHealth> endpoint,
                         co_await deps_.endpoints.Get(ctx, replay->tenant_id, replay->endpoint_id));
  if (!endpoint) {
    replay->failure = "endpoint_deleted";
    GH_CO_RETURN_IF_ERROR(co_await Finish(ctx, *replay, ReplayState::kFailed));
    co_return false;
  }
  if (replay->done()) {
    GH_CO_RETURN_IF_ERROR(co_await Finish(ctx, *replay, ReplayState::kSucceeded));
    co_return false;
  }
  const base::Time now = deps_.clock.Now();
  const ReplayHold hold = HoldOf(*endpoint);
  if (hold != ReplayHold::kNone) {
    if (hold == replay->hold) co_return false;
    const auto held =
        co_await deps_.replays.Move(ctx, *replay, {.through = replay->position}, hold, now);
    GH_CO_RETURN_IF_ERROR(held.status());
    co_return false;
  }
  const int64_t limit = std::min(Allowance(*replay, now), RoomAt(endpoint->health));
  if (limit == 0) co_return false;
  int64_t last = std::min(replay->last_index, replay->position + kSliceEntries);
  std::optional<std::vector<int64_t>> wanted;
  if (!endpoint->endpoint.payload_filter.empty()) {
    GH_CO_ASSIGN_OR_RETURN(
        WantedEntries entries,
        co_await FindWanted(ctx, &deps_.log, endpoint->endpoint, replay->position + 1, last));
    wanted = std::move(entries.indexes);
    last = entries.last_index;
  }
  GH_CO_ASSIGN_OR_RETURN(ReplaySlice slice,
                         co_await deps_.replays.Find(ctx, *replay, endpoint->endpoint.event_types,
                                                     last, limit, std::move(wanted)));
  if (!slice.chosen.empty()) {
    co_return co_await Schedule(ctx, replay, std::move(slice), PacedFrom(*replay, now));
  }
  GH_CO_ASSIGN_OR_RETURN(const bool moved,
                         co_await deps_.replays.Move(ctx, *replay, slice, ReplayHold::kNone, now));
  replay->position = slice.through;
  replay->matched_count += slice.matched;
  replay->hold = ReplayHold::kNone;
  ++replay->version;
  co_return moved;
}

Task<absl::StatusOr<bool>> ReplayWorker::Schedule(base::CallContext ctx, Replay* replay,
                                                  ReplaySlice slice, base::Time paced_from) {
  const base::Time now = deps_.clock.Now();
  const base::Duration cost =
      base::Duration(kBurst) * static_cast<int64_t>(slice.chosen.size()) / replay->max_per_second;
  storage::Change change{
      .events = {ReplayEvent(ctx, now, storage::event_types::kWebhookEventsReplayed, *replay,
                             JsonObject()
                                 .AddNumber("from_index", replay->position + 1)
                                 .AddNumber("to_index", slice.through)
                                 .ToString())}};
  const absl::StatusOr<int64_t> scheduled = co_await deps_.replays.Schedule(
      ctx, *replay, slice, paced_from + cost, now, std::move(change));
  // Another instance goes on with it, or somebody has cancelled it.
  if (base::HasReason(scheduled.status(), base::Reason::kConflict)) co_return false;
  // The next step finds it gone.
  if (base::HasReason(scheduled.status(), base::Reason::kEndpointNotFound)) co_return true;
  GH_CO_RETURN_IF_ERROR(scheduled.status());
  scheduled_ += *scheduled;
  replay->position = slice.through;
  replay->matched_count += slice.matched;
  replay->scheduled_count += *scheduled;
  replay->paced_until = paced_from + cost;
  replay->hold = ReplayHold::kNone;
  ++replay->version;
  co_return true;
}

Task<absl::Status> ReplayWorker::Finish(base::CallContext ctx, Replay replay, ReplayState state) {
  const base::Time now = deps_.clock.Now();
  replay.state = state;
  replay.end_time = now;
  JsonObject details;
  details.AddNumber("scheduled", replay.scheduled_count);
  if (!replay.failure.empty()) details.Add("failure", replay.failure);
  storage::Change change{
      .events = {ReplayEvent(ctx, now, storage::event_types::kWebhookReplayFinished, replay,
                             details.ToString())}};
  const absl::Status status =
      co_await deps_.replays.Finish(ctx, std::move(replay), std::move(change));
  // Somebody else has ended it.
  if (base::HasReason(status, base::Reason::kEtagMismatch)) co_return absl::OkStatus();
  co_return status;
}

}  // namespace gatehouse::service
