#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/in_turn.h"
#include "service/common/page_size.h"
#include "service/common/validate.h"
#include "service/webhook/replay/replay_fields.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {

base::Task<absl::StatusOr<storage::Replay>> WebhookService::ReadReplay(base::CallContext ctx,
                                                                       base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::Replay> replay,
                         co_await deps_.replays.Get(ctx, ctx.principal().tenant_id, id));
  if (!replay) {
    co_return base::MakeError(absl::StatusCode::kNotFound, "no such replay",
                              {.reason = base::Reason::kReplayNotFound});
  }
  co_return *std::move(replay);
}

WebhookService::Result<v1::GetReplayResponse> WebhookService::GetReplay(
    base::CallContext ctx, v1::GetReplayRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("replay_id", request.replay_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::Replay replay, co_await ReadReplay(ctx, *id));
  v1::GetReplayResponse response;
  ToProto(replay, *response.mutable_replay());
  co_return response;
}

WebhookService::Result<v1::ListReplaysResponse> WebhookService::ListReplays(
    base::CallContext ctx, v1::ListReplaysRequest request) {
  FieldChecks checks;
  const base::Uuid endpoint_id = checks.OptionalUuid("endpoint_id", request.endpoint_id());
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size());
  checks.Check(page_size.status());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const PageScope scope{.method = "ListReplays",
                        .tenant_id = ctx.principal().tenant_id,
                        .query = {endpoint_id.ToString()}};
  storage::ReplayStore::ListQuery query{.tenant_id = scope.tenant_id,
                                        // One more tells whether there is another page.
                                        .limit = int64_t{*page_size} + 1,
                                        .max_bytes = static_cast<int64_t>(kMaxPageBytes)};
  if (!endpoint_id.is_nil()) query.endpoint_id = endpoint_id;
  GH_CO_ASSIGN_OR_RETURN(query.before, deps_.page_tokens.IdBehind(scope, request.page_token()));
  GH_CO_ASSIGN_OR_RETURN(const storage::ReplayStore::Page page,
                         co_await deps_.replays.List(ctx, query));
  v1::ListReplaysResponse response;
  size_t bytes = 0;
  bool more = page.cut;
  for (const storage::Replay& replay : page.replays) {
    if (response.replays_size() == *page_size || bytes > kMaxPageBytes) {
      more = true;
      break;
    }
    v1::Replay& added = *response.add_replays();
    ToProto(replay, added);
    bytes += added.ByteSizeLong();
  }
  if (more) {
    response.set_next_page_token(
        deps_.page_tokens.Make(scope, {response.replays().rbegin()->id()}));
  }
  co_return response;
}

base::Task<absl::Status> WebhookService::WatchReplay(base::CallContext ctx,
                                                     v1::WatchReplayRequest request,
                                                     rpc::Writer<v1::WatchReplayResponse> writer) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("replay_id", request.replay_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  // What the client has seen.
  int64_t version = 0;
  while (!ctx.cancel().cancelled()) {
    GH_CO_ASSIGN_OR_RETURN(const storage::Replay replay,
                           co_await InTurn<absl::StatusOr<storage::Replay>>(
                               stream_turns_, ctx, [&] { return ReadReplay(ctx, *id); }));
    if (replay.version != version) {
      version = replay.version;
      v1::WatchReplayResponse message;
      ToProto(replay, *message.mutable_replay());
      if (!co_await writer.Write(message)) co_return absl::OkStatus();
    }
    if (replay.end_time) co_return absl::OkStatus();
    const base::SteadyTime next = std::chrono::steady_clock::now() + options_.stream_pause;
    if (!co_await ctx.loop().SleepUntil(next, ctx.cancel())) co_return absl::OkStatus();
    GH_CO_RETURN_IF_ERROR(
        co_await InTurn<absl::Status>(stream_turns_, ctx, [&] { return ctx.Recheck(); }));
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
