#include "service/session/revocation/revocation_feed.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "auth/tenant/tenant_directory.h"
#include "auth/verdict/authenticator.h"
#include "base/async/loop.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/tenant.pb.h"
#include "service/common/in_turn.h"
#include "service/common/log_following.h"
#include "service/common/timestamps.h"
#include "storage/tenant/tenant.h"

namespace gatehouse::service {

using base::CallContext;
using base::Task;
using std::chrono::steady_clock;
using storage::LogFeed;

namespace {

// A tenant that is nowhere to be found takes calls.
void TellState(const std::optional<storage::Tenant>& tenant,
               v1::WatchRevocationsResponse& message) {
  message.set_tenant_state(tenant ? static_cast<v1::TenantState>(tenant->state)
                                  : v1::TENANT_STATE_ACTIVE);
  if (tenant) message.set_moved_to(tenant->moved_to);
}

}  // namespace

struct RevocationFeed::Stream {
  rpc::Writer<v1::WatchRevocationsResponse> writer;
  std::unique_ptr<LogFeed::Subscription> news;
  // The first index that was not told yet.
  int64_t next = 1;
  // When as_of is to be told again.
  base::SteadyTime heartbeat_due = {};
};

Task<absl::Status> RevocationFeed::Follow(CallContext ctx, int64_t resume_index,
                                          rpc::Writer<v1::WatchRevocationsResponse> writer) {
  // Subscribes before the first look at the log: nothing falls in between.
  Stream stream{.writer = writer,
                .news = deps_.feed.Subscribe(ctx.loop(), ctx.principal().tenant_id)};
  GH_CO_ASSIGN_OR_RETURN(bool there, co_await Begin(ctx, resume_index, &stream));
  while (there && !ctx.cancel().cancelled()) {
    // Mostly answered from memory; when not, from the database, for many streams at once.
    GH_CO_RETURN_IF_ERROR(
        co_await InTurn<absl::Status>(turns_, ctx, [&] { return ctx.Recheck(); }));
    GH_CO_RETURN_IF_ERROR(co_await EndIfMoved(ctx, &stream));
    GH_CO_ASSIGN_OR_RETURN(there, co_await Turn(ctx, &stream));
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<bool>> RevocationFeed::Begin(CallContext ctx, int64_t resume_index,
                                                 Stream* stream) {
  GH_CO_ASSIGN_OR_RETURN(const RevocationLog::Bounds bounds,
                         co_await InTurn<absl::StatusOr<RevocationLog::Bounds>>(
                             turns_, ctx, [&] { return log_.Live(ctx); }));
  // After the head was read: every later change has an index that is told.
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Tenant> tenant,
                         co_await InTurn<absl::StatusOr<std::optional<storage::Tenant>>>(
                             turns_, ctx, [&] { return log_.ReadTenant(ctx); }));
  const bool resumes =
      resume_index > 0 && resume_index <= bounds.head && resume_index + 1 >= bounds.oldest;
  stream->next = resumes ? resume_index + 1 : bounds.oldest;
  v1::WatchRevocationsResponse begin = Message(*stream);
  begin.set_snapshot(!resumes);
  begin.set_tenant_id(ctx.principal().tenant_id.ToString());
  TellState(tenant, begin);
  co_return co_await stream->writer.Write(begin);
}

// The log of a tenant that was moved to another database goes on there: here it does not say that
// it has. And whoever comes again may be led there.
Task<absl::Status> RevocationFeed::EndIfMoved(CallContext ctx, Stream* stream) {
  absl::Status moved = deps_.directory.CheckActive(ctx.principal().tenant_id);
  if (!base::HasReason(moved, base::Reason::kTenantMoved)) co_return absl::OkStatus();
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Tenant> tenant,
                         co_await InTurn<absl::StatusOr<std::optional<storage::Tenant>>>(
                             turns_, ctx, [&] { return log_.ReadTenant(ctx); }));
  // It is back, which this instance has not heard of yet.
  if (!tenant || tenant->state != storage::TenantState::kMoved) co_return absl::OkStatus();
  v1::WatchRevocationsResponse message = Message(*stream);
  TellState(tenant, message);
  co_await stream->writer.Write(message);
  co_return moved;
}

Task<absl::StatusOr<bool>> RevocationFeed::Turn(CallContext ctx, Stream* stream) {
  // Before the log is read: everything that was committed then has its place there.
  const base::SteadyTime known =
      std::min(deps_.authenticator.revocations_known_until(), steady_clock::now());
  GH_CO_ASSIGN_OR_RETURN(RevocationLog::Page page,
                         co_await InTurn<absl::StatusOr<RevocationLog::Page>>(
                             turns_, ctx, [&] { return log_.Read(ctx, stream->next); }));
  if (page.head_index < stream->next - 1) {
    // Postgres failed over to a standby that had not received the end of the log: its indexes are
    // given to other events now.
    stream->heartbeat_due = {};
    co_return co_await Begin(std::move(ctx), 0, stream);
  }
  const int64_t head = page.head_index;
  if (!co_await Write(std::move(page), stream)) co_return false;
  if (stream->next <= head) co_return true;
  if (steady_clock::now() >= stream->heartbeat_due) {
    if (!co_await WriteAsOf(known, stream)) co_return false;
    stream->heartbeat_due = steady_clock::now() + kHeartbeat;
  }
  co_await WaitForMore(std::move(ctx), stream);
  co_return true;
}

Task<bool> RevocationFeed::Write(RevocationLog::Page page, Stream* stream) {
  if (page.tenant) {
    // In a message of its own, before anything else: it concerns every token.
    v1::WatchRevocationsResponse message = Message(*stream);
    TellState(page.tenant, message);
    if (!co_await stream->writer.Write(message)) co_return false;
  }
  std::vector<v1::Revocation>& revocations = page.revocations;
  for (size_t from = 0; from < revocations.size(); from += kPerMessage) {
    const size_t end = std::min(from + kPerMessage, revocations.size());
    // Only with the last of them all of the page was said.
    if (end == revocations.size()) stream->next = std::max(stream->next, page.last_index + 1);
    v1::WatchRevocationsResponse message = Message(*stream);
    for (size_t i = from; i < end; ++i) *message.add_revocations() = std::move(revocations[i]);
    if (!co_await stream->writer.Write(message)) co_return false;
  }
  stream->next = std::max(stream->next, page.last_index + 1);
  co_return true;
}

Task<bool> RevocationFeed::WriteAsOf(base::SteadyTime known, Stream* stream) {
  v1::WatchRevocationsResponse message = Message(*stream);
  const auto age = std::chrono::ceil<base::Duration>(steady_clock::now() - known);
  SetTimestamp(deps_.clock.Now() - age, message.mutable_as_of());
  co_return co_await stream->writer.Write(message);
}

Task<void> RevocationFeed::WaitForMore(CallContext ctx, Stream* stream) {
  while (!ctx.cancel().cancelled() && steady_clock::now() < stream->heartbeat_due) {
    const LogFeed::News news = co_await stream->news->Next(stream->heartbeat_due, ctx.cancel());
    const int64_t position = SkipUnwanted(news, RevocationLog::Types(), stream->next);
    if (position == stream->next && !news.empty()) co_return;
    stream->next = position;
  }
}

v1::WatchRevocationsResponse RevocationFeed::Message(const Stream& stream) const {
  v1::WatchRevocationsResponse message;
  message.set_index(stream.next - 1);
  SetTimestamp(deps_.clock.Now(), message.mutable_server_time());
  return message;
}

}  // namespace gatehouse::service
