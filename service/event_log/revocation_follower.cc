#include "service/event_log/revocation_follower.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Task;
using base::Uuid;
using storage::EventLog;

constexpr auto kReadTimeout = std::chrono::seconds(5);
constexpr int32_t kPageSize = 1000;

const std::vector<std::string>& FollowedTypes() {
  static const auto& types =
      *new std::vector<std::string>{std::string(storage::event_types::kSessionRevoked),
                                    std::string(storage::event_types::kApiKeyRevoked),
                                    std::string(storage::event_types::kApiKeyRotated),
                                    std::string(storage::event_types::kSigningKeyRotated),
                                    std::string(storage::event_types::kCacheInvalidated),
                                    std::string(storage::event_types::kTenantCreated),
                                    std::string(storage::event_types::kTenantUpdated),
                                    "event_type.*",
                                    "user.*",
                                    "role.*"};
  return types;
}

// Of memory, not of a revocation.
bool IsReadAgain(const std::string& type) {
  return type == storage::event_types::kSigningKeyRotated ||
         type == storage::event_types::kCacheInvalidated;
}

bool IsAboutTenant(const std::string& type) {
  return type == storage::event_types::kTenantCreated ||
         type == storage::event_types::kTenantUpdated;
}

bool IsFollowed(const storage::LogEntry& entry) {
  return entry.type == storage::event_types::kSessionRevoked ||
         entry.type == storage::event_types::kApiKeyRevoked ||
         entry.type == storage::event_types::kApiKeyRotated || IsReadAgain(entry.type) ||
         IsAboutTenant(entry.type) || entry.type.starts_with("event_type.") ||
         entry.type.starts_with("user.") || entry.type.starts_with("role.");
}

CallContext MakeContext(base::Loop& loop, const base::CancelToken& cancel) {
  return base::SystemContext(loop, "revocation_follower", kReadTimeout, cancel);
}

}  // namespace

RevocationFollower::RevocationFollower(base::Loop& loop, EventLog& log, storage::LogFeed& feed,
                                       auth::Authenticator& authenticator, LoadKeys load_keys,
                                       ForgetEventTypes forget_event_types,
                                       ReadEndpoints read_endpoints, ReadTenant read_tenant)
    : loop_(loop),
      log_(log),
      authenticator_(authenticator),
      load_keys_(std::move(load_keys)),
      forget_event_types_(std::move(forget_event_types)),
      read_endpoints_(std::move(read_endpoints)),
      read_tenant_(std::move(read_tenant)),
      subscription_(feed.Subscribe(loop)),
      tasks_(loop, [](const std::string& what) {
        base::LogLine(base::LogLevel::kError, "exception in the revocation follower",
                      {{"error", what}});
      }) {}

RevocationFollower::~RevocationFollower() { Stop(std::chrono::milliseconds(0)); }

void RevocationFollower::Start() {
  started_ = true;
  loop_.Post([this] { tasks_.Spawn(Run(tasks_.cancel())); });
}

void RevocationFollower::Stop(std::chrono::milliseconds) {
  if (std::exchange(started_, false)) tasks_.StopAndJoin();
}

Task<absl::Status> RevocationFollower::TakePosition(CallContext ctx) {
  asked_at_ = std::chrono::steady_clock::now();
  GH_CO_ASSIGN_OR_RETURN(EventLog::Progress progress, co_await log_.ProgressSince(ctx, ""));
  for (const EventLog::Head& head : progress.heads) positions_[head.tenant_id] = head.index;
  snapshot_ = std::move(progress.snapshot);
  // No verdict has been given yet, so none can have missed an earlier revocation.
  authenticator_.RevocationsKnownUntil(asked_at_);
  co_return absl::OkStatus();
}

Task<absl::Status> RevocationFollower::RunOnce(CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(std::vector<EventLog::Head> heads, co_await log_.Heads(ctx));
  co_return co_await Follow(ctx, std::move(heads));
}

Task<absl::Status> RevocationFollower::Poll(CallContext ctx) {
  const base::SteadyTime now = std::chrono::steady_clock::now();
  GH_CO_ASSIGN_OR_RETURN(EventLog::Progress progress, co_await log_.ProgressSince(ctx, snapshot_));
  GH_CO_RETURN_IF_ERROR(co_await Follow(ctx, std::move(progress.heads)));
  // Some event has no place in the log yet. The next poll asks from the same moment again:
  // a later one would have to wait for later events as well.
  if (!progress.complete) co_return absl::OkStatus();
  authenticator_.RevocationsKnownUntil(std::exchange(asked_at_, now));
  snapshot_ = std::move(progress.snapshot);
  co_return absl::OkStatus();
}

Task<absl::Status> RevocationFollower::Follow(CallContext ctx, std::vector<EventLog::Head> heads) {
  for (const EventLog::Head& head : heads) {
    if (head.index < positions_[head.tenant_id]) {
      // Postgres failed over to a standby that had not received the end of the log. The
      // indexes that were applied here will be given to other events.
      authenticator_.InvalidateAll();
      forget_event_types_(head.tenant_id);
      if (read_tenant_) GH_CO_RETURN_IF_ERROR(co_await read_tenant_(ctx, std::nullopt));
      positions_[head.tenant_id] = head.index;
    }
    GH_CO_RETURN_IF_ERROR(co_await FollowTenant(ctx, head));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> RevocationFollower::FollowTenant(CallContext ctx, EventLog::Head head) {
  while (positions_[head.tenant_id] < head.index) {
    const int64_t from = positions_[head.tenant_id] + 1;
    GH_CO_ASSIGN_OR_RETURN(
        const EventLog::Range range,
        co_await log_.ReadRange(ctx, head.tenant_id, from, kPageSize, FollowedTypes()));
    for (const storage::LoggedEvent& logged : range.events) {
      GH_CO_RETURN_IF_ERROR(co_await Apply(ctx, logged.event));
    }
    if (range.last_index < from) co_return base::InternalError("the log has become shorter");
    positions_[head.tenant_id] = range.last_index;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> RevocationFollower::Apply(CallContext ctx, storage::Event event) {
  if (IsReadAgain(event.type)) co_return co_await ReadAgain(std::move(ctx), std::move(event));
  if (IsAboutTenant(event.type)) {
    co_return co_await FollowDirectory(std::move(ctx), std::move(event));
  }
  if (event.type.starts_with("event_type.")) {
    forget_event_types_(event.tenant_id);
    co_return absl::OkStatus();
  }
  if (event.type.starts_with("role.")) {
    // A verdict does not say which role it came from. Roles change rarely, so all verdicts go.
    authenticator_.InvalidateAll();
    co_return absl::OkStatus();
  }
  for (const storage::EventTarget& target : event.targets) {
    const std::optional<Uuid> id = Uuid::Parse(target.id);
    if (!id) continue;
    if (event.type == storage::event_types::kSessionRevoked) {
      if (target.type == "session") authenticator_.SessionRevoked(*id);
    } else if (event.type == storage::event_types::kApiKeyRevoked) {
      if (target.type == "api_key") authenticator_.ApiKeyRevoked(*id);
    } else if (event.type == storage::event_types::kApiKeyRotated) {
      // The secret before has an end now, which memory does not know.
      if (target.type == "api_key") authenticator_.Forget(*id);
    } else if (target.type == "user") {
      // Any change of the user counts. The next call with one of its tokens asks the
      // database.
      authenticator_.Forget(*id);
    }
  }
  co_return absl::OkStatus();
}

Task<absl::Status> RevocationFollower::ReadAgain(CallContext ctx, storage::Event event) {
  const bool rotated = event.type == storage::event_types::kSigningKeyRotated;
  bool all = rotated;
  bool keys = rotated;
  for (const storage::EventTarget& target : event.targets) {
    if (target.type == "cache") {
      if (target.id == "event_schemas") {
        forget_event_types_(std::nullopt);
      } else if (target.id == "endpoints") {
        read_endpoints_();
      } else {
        (target.id == "signing_keys" ? keys : all) = true;
      }
    } else if (const std::optional<Uuid> id = Uuid::Parse(target.id); id && !rotated) {
      authenticator_.Forget(*id);
    }
  }
  // An error leaves the position where it is: until the keys are known, no verdict in memory
  // counts for longer than the authenticator allows.
  if (keys) GH_CO_RETURN_IF_ERROR(co_await load_keys_(std::move(ctx)));
  // Then: a verdict that is made now knows the keys.
  if (all) authenticator_.InvalidateAll();
  co_return absl::OkStatus();
}

Task<absl::Status> RevocationFollower::FollowDirectory(CallContext ctx, storage::Event event) {
  // The tenant's own log says the same.
  if (!read_tenant_ || event.tenant_id != base::kDefaultTenantId) co_return absl::OkStatus();
  // With the tenant came its first key, without which nobody logs in there.
  if (event.type == storage::event_types::kTenantCreated) {
    GH_CO_RETURN_IF_ERROR(co_await load_keys_(ctx));
  }
  for (const storage::EventTarget& target : event.targets) {
    const std::optional<Uuid> id = Uuid::Parse(target.id);
    if (target.type == "tenant" && id) GH_CO_RETURN_IF_ERROR(co_await read_tenant_(ctx, *id));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> RevocationFollower::RunTurn(base::SteadyTime poll, base::CancelToken cancel) {
  const storage::LogFeed::News news = co_await subscription_->Next(poll, cancel);
  if (cancel.cancelled()) co_return absl::OkStatus();
  // A batch without a followed event only moves the position, which costs no statement.
  bool interesting = news.incomplete;
  for (const auto& batch : news.batches) {
    if (std::any_of(batch->entries.begin(), batch->entries.end(), IsFollowed)) {
      interesting = true;
    } else if (positions_[batch->tenant_id] + 1 == batch->first_index()) {
      positions_[batch->tenant_id] = batch->last_index();
    }
  }
  if (interesting && std::chrono::steady_clock::now() < poll) {
    GH_CO_RETURN_IF_ERROR(co_await RunOnce(MakeContext(loop_, cancel)));
  }
  // The time is looked at last, because following news may take until `poll` each time.
  if (std::chrono::steady_clock::now() < poll) co_return absl::OkStatus();
  co_return co_await Poll(MakeContext(loop_, cancel));
}

Task<void> RevocationFollower::Run(base::CancelToken cancel) {
  base::SteadyTime poll = std::chrono::steady_clock::now() + kPoll;
  while (!cancel.cancelled()) {
    const absl::Status status = co_await RunTurn(poll, cancel);
    if (cancel.cancelled()) co_return;
    const base::SteadyTime now = std::chrono::steady_clock::now();
    if (!status.ok()) {
      // A database that is down is asked no more often than a healthy one.
      poll = now + kPoll;
    } else if (now >= poll) {
      // The next poll is counted from when this one was due. Counting from its end would
      // add the time it took to the age of what is known.
      poll = std::max(poll + kPoll, now);
    }
    Report(status);
  }
}

void RevocationFollower::Report(const absl::Status& status) {
  const bool known = authenticator_.RevocationsAreKnown();
  if (known != reported_) return;
  reported_ = !known;
  if (known) {
    base::LogLine(base::LogLevel::kInfo, "revocations of other instances are known again");
  } else {
    base::LogLine(base::LogLevel::kWarning,
                  "revocations of other instances are not known: every credential is looked up",
                  {{"error", status.ok() ? "events wait for their place in the log"
                                         : std::string(status.message())}});
  }
}

}  // namespace gatehouse::service
