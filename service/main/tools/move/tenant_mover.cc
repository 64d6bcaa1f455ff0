#include "service/main/tools/move/tenant_mover.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "auth/tenant/tenant_directory.h"
#include "base/async/run_on_loop.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/system_context.h"
#include "service/common/json.h"
#include "service/main/tools/move/moved_tenant.h"
#include "storage/event_log/sequencer.h"
#include "storage/tenant_move/tenant_copy.h"

namespace gatehouse::service {
namespace {

using base::Task;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using storage::TenantMove;
using storage::TenantMoveStep;
using storage::TenantState;

constexpr char kTool[] = "tenant_move";
constexpr std::chrono::seconds kStatementTimeout(30);
// Between two looks at what is still under way.
constexpr milliseconds kLook{200};
constexpr int64_t kMaxEventsPerPass = 10'000;

Task<absl::Status> RunPass(base::CallContext ctx, storage::Sequencer* sequencer) {
  // Where another instance leads, that one does it.
  co_return (co_await sequencer->RunPass(std::move(ctx), kMaxEventsPerPass)).status();
}

bool IsOver(const TenantMove& move) {
  return move.is_source ? move.step == TenantMoveStep::kDeleted
                        : move.step == TenantMoveStep::kDone;
}

// As servers do it, which then hear of it at once.
Task<absl::Status> SetAndTell(base::CallContext ctx, StorageArea* storage, base::Time now,
                              base::Uuid tenant_id, MoveOfState change) {
  GH_CO_RETURN_IF_ERROR(
      co_await SetTenantState(ctx, &storage->tenants, now, tenant_id, std::move(change)));
  co_return co_await storage->sequencer.WakeLeader(ctx);
}

}  // namespace

TenantMover::TenantMover(OpenSide source, OpenSide target, Options options, base::Loop& loop,
                         const base::Clock& clock, Report& report)
    : source_(std::move(source)),
      target_(std::move(target)),
      options_(std::move(options)),
      loop_(loop),
      clock_(clock),
      report_(report) {}

absl::Status TenantMover::Check() {
  GH_RETURN_IF_ERROR(Find());
  if (!move_) GH_RETURN_IF_ERROR(CheckNew());
  Tell("check", move_ ? absl::StrCat("goes on: ", std::string(storage::NameOf(move_->step)))
                      : "nothing is in the way of a move");
  return absl::OkStatus();
}

absl::Status TenantMover::Run() {
  GH_RETURN_IF_ERROR(Find());
  if (!move_) GH_RETURN_IF_ERROR(Begin());
  if (move_->step < TenantMoveStep::kFenced) GH_RETURN_IF_ERROR(Quiesce());
  if (move_->step < TenantMoveStep::kCopied) GH_RETURN_IF_ERROR(Copy());
  if (move_->step < TenantMoveStep::kMoved) {
    // The tenant's own log goes on at the target: here it takes nothing any more.
    GH_RETURN_IF_ERROR(SetState(source_, {.state = TenantState::kMoved,
                                          .moved_to = move_->destination,
                                          .told = MoveOfState::Told::kOperator}));
    GH_RETURN_IF_ERROR(At("told"));
    GH_RETURN_IF_ERROR(Advance(TenantMoveStep::kMoved));
    Tell("moved", "the source says where it is");
    GH_RETURN_IF_ERROR(At("moved"));
  }
  if (move_->step < TenantMoveStep::kDone) GH_RETURN_IF_ERROR(Activate());
  Tell("done", move_->was_active ? "takes calls at the target"
                                 : "is frozen at the target, as it was before");
  return absl::OkStatus();
}

absl::Status TenantMover::Find() {
  GH_RETURN_IF_ERROR(CheckPair(source_, target_));
  GH_ASSIGN_OR_RETURN(tenant_, FindMovingTenant(source_, options_.tenant));
  if (tenant_.id == base::kDefaultTenantId) {
    return absl::FailedPreconditionError("the default tenant is the operator's own: it stays");
  }
  GH_RETURN_IF_ERROR(source_.moves().Lock(tenant_.id));
  GH_ASSIGN_OR_RETURN(move_, source_.moves().Get(tenant_.id));
  if (move_ && IsOver(*move_)) move_.reset();
  return move_ ? CheckResumed(*move_) : absl::OkStatus();
}

absl::Status TenantMover::CheckResumed(const TenantMove& move) const {
  if (!move.is_source) {
    return absl::FailedPreconditionError(
        "the tenant is just moving in here: let that end, at its source");
  }
  if (move.peer == target_.identity) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the tenant is moving to another database, ", move.peer,
                   ": go on there, or give that up with --cancel"));
}

absl::Status TenantMover::CheckNew() {
  if (tenant_.state == TenantState::kMoved) {
    return absl::FailedPreconditionError("the tenant has moved away from the source");
  }
  GH_ASSIGN_OR_RETURN(const std::optional<storage::MovingTenant> there,
                      target_.moves().FindTenant(tenant_.id.ToString()));
  GH_ASSIGN_OR_RETURN(const std::optional<TenantMove> known, target_.moves().Get(tenant_.id));
  const bool was_there = known && known->is_source && known->step == TenantMoveStep::kDeleted;
  if (there && !was_there) {
    return base::MakeError(absl::StatusCode::kAlreadyExists,
                           known && known->is_source
                               ? "the target has still what it had of the tenant when it moved "
                                 "away from there: delete "
                                 "that with --delete"
                               : "the target has the tenant already",
                           {.reason = base::Reason::kTenantTaken});
  }
  return target_.moves().RequireRoom(tenant_);
}

absl::Status TenantMover::Begin() {
  GH_RETURN_IF_ERROR(CheckNew());
  move_ = TenantMove{.tenant_id = tenant_.id,
                     .move_id = base::Uuid::MakeV7(clock_.Now()),
                     .is_source = true,
                     .peer = target_.identity,
                     .destination = options_.destination,
                     .was_active = tenant_.state == TenantState::kActive,
                     .step = TenantMoveStep::kFrozen};
  GH_RETURN_IF_ERROR(source_.moves().Put(*move_));
  return At("begun");
}

absl::Status TenantMover::Quiesce() {
  GH_RETURN_IF_ERROR(SetState(source_, {.state = TenantState::kFrozen}));
  Tell("frozen", "takes no more calls");
  GH_RETURN_IF_ERROR(At("frozen"));
  GH_RETURN_IF_ERROR(Drain());
  Tell("drained", "no webhook and no mail is under way");
  GH_RETURN_IF_ERROR(At("drained"));
  GH_RETURN_IF_ERROR(source_.moves().Fence(*move_));
  move_->step = TenantMoveStep::kFenced;
  Tell("fenced", "nothing changes any more");
  return At("fenced");
}

// What a deliverer has sent it notes before the fence: an event may come with it.
absl::Status TenantMover::Drain() {
  GH_RETURN_IF_ERROR(source_.moves().Pause(options_.pause));
  const auto deadline = steady_clock::now() + options_.max_drain;
  for (;;) {
    GH_ASSIGN_OR_RETURN(const storage::BusyServers busy, source_.moves().CountBusy(tenant_.id));
    if (busy.endpoints == 0 && busy.mails == 0) return absl::OkStatus();
    if (steady_clock::now() >= deadline) {
      return absl::FailedPreconditionError(
          absl::StrCat("still under way: webhooks of ", busy.endpoints, " endpoints, ", busy.mails,
                       " mails. The tenant stays frozen; run the command again, or give the move "
                       "up with --cancel"));
    }
    report_.Progress(absl::StrCat("under way: webhooks of ", busy.endpoints, " endpoints, ",
                                  busy.mails, " mails"),
                     JsonObject()
                         .Add("step", "drain")
                         .AddNumber("endpoints", busy.endpoints)
                         .AddNumber("mails", busy.mails));
    GH_RETURN_IF_ERROR(source_.moves().Pause(kLook));
  }
}

// Every event of the tenant gets its place: by a server's sequencer, or here if none runs.
absl::Status TenantMover::Order() {
  const auto deadline = steady_clock::now() + options_.max_drain;
  for (bool tried = false;; tried = true) {
    GH_ASSIGN_OR_RETURN(const int64_t unordered, source_.moves().CountUnordered(tenant_.id));
    if (unordered == 0) return absl::OkStatus();
    if (tried && steady_clock::now() >= deadline) {
      return absl::FailedPreconditionError(
          absl::StrCat(unordered,
                       " events of the tenant have no place in the log yet. The tenant "
                       "stays frozen; run the command again"));
    }
    GH_RETURN_IF_ERROR(WithStorage(source_, [this](StorageArea& storage) {
      return RunPass(base::SystemContext(loop_, kTool, kStatementTimeout), &storage.sequencer);
    }));
    GH_RETURN_IF_ERROR(source_.moves().Pause(kLook));
  }
}

absl::StatusOr<bool> TenantMover::IsCopied() {
  GH_ASSIGN_OR_RETURN(const std::optional<TenantMove> there, target_.moves().Get(tenant_.id));
  return there && there->move_id == move_->move_id;
}

absl::Status TenantMover::Copy() {
  GH_ASSIGN_OR_RETURN(const bool copied, IsCopied());
  std::string row_counts_json;
  if (!copied) {
    GH_RETURN_IF_ERROR(Order());
    GH_RETURN_IF_ERROR(At("ordered"));
    GH_RETURN_IF_ERROR(storage::MakeDays(*source_.connection, *target_.connection, tenant_.id));
    TenantMove arriving = *move_;
    arriving.is_source = false;
    arriving.peer = source_.identity;
    arriving.step = TenantMoveStep::kCopied;
    // Under the target's own key; what the source has sealed opens as well.
    const storage::SealingKeys keys(target_.side.secrets.master_key,
                                    source_.side.secrets.master_key);
    GH_ASSIGN_OR_RETURN(const storage::TenantCopyResult result,
                        storage::CopyTenant(*source_.connection, *target_.connection, arriving,
                                            keys, TellTables(report_, "copy")));
    row_counts_json = result.RowCountsJson();
    report_.Line(absl::StrCat(tenant_.name, ": copied and compared, the log ends at ",
                              result.head.size, ", ", result.resealed, " secrets sealed anew"),
                 JsonObject()
                     .Add("tenant", tenant_.name)
                     .Add("step", "copied")
                     .AddNumber("log_size", result.head.size)
                     .Add("leaf_hash", result.head.leaf_hash)
                     .AddNumber("resealed", result.resealed));
    GH_RETURN_IF_ERROR(At("copied"));
  }
  GH_RETURN_IF_ERROR(Advance(TenantMoveStep::kCopied, row_counts_json));
  return At("recorded");
}

absl::Status TenantMover::Activate() {
  if (move_->was_active) {
    GH_RETURN_IF_ERROR(
        SetState(target_, {.state = TenantState::kActive, .told = MoveOfState::Told::kArrival}));
  }
  GH_RETURN_IF_ERROR(At("activated"));
  GH_RETURN_IF_ERROR(target_.moves().Advance(*move_, TenantMoveStep::kDone));
  return Advance(TenantMoveStep::kDone);
}

absl::Status TenantMover::Cancel() {
  GH_RETURN_IF_ERROR(Find());
  if (!move_) return absl::FailedPreconditionError("the tenant is not moving");
  if (move_->step >= TenantMoveStep::kMoved) {
    return absl::FailedPreconditionError(
        "the tenant has moved: let the command end, and move it back from there");
  }
  // First of all: a run that finds this half done begins by freezing, and does not take for copied
  // what is gone. A copy that is there is deleted before anything can change at the source.
  move_->step = TenantMoveStep::kFrozen;
  GH_RETURN_IF_ERROR(source_.moves().Put(*move_));
  GH_ASSIGN_OR_RETURN(const bool copied, IsCopied());
  if (copied) GH_RETURN_IF_ERROR(storage::DeleteCopy(*target_.connection, *move_));
  GH_RETURN_IF_ERROR(At("uncopied"));
  GH_RETURN_IF_ERROR(source_.moves().Unfence(tenant_.id));
  GH_RETURN_IF_ERROR(SetState(
      source_, {.state = move_->was_active ? TenantState::kActive : TenantState::kFrozen}));
  GH_RETURN_IF_ERROR(At("released"));
  GH_RETURN_IF_ERROR(source_.moves().Forget(*move_));
  Tell("cancelled", move_->was_active ? "takes calls at the source again"
                                      : "is frozen at the source, as it was before");
  return absl::OkStatus();
}

absl::Status TenantMover::Advance(TenantMoveStep step, const std::string& row_counts_json) {
  GH_RETURN_IF_ERROR(source_.moves().Advance(*move_, step, row_counts_json));
  move_->step = step;
  return absl::OkStatus();
}

absl::Status TenantMover::At(std::string_view moment) const {
  return options_.at ? options_.at(moment) : absl::OkStatus();
}

absl::Status TenantMover::SetState(const OpenSide& side, MoveOfState change) {
  return WithStorage(side, [&](StorageArea& storage) {
    return SetAndTell(base::SystemContext(loop_, kTool, kStatementTimeout), &storage, clock_.Now(),
                      tenant_.id, change);
  });
}

absl::Status TenantMover::WithStorage(const OpenSide& side,
                                      const std::function<Task<absl::Status>(StorageArea&)>& work) {
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<StorageArea> storage,
                      StorageArea::Open(DirectConfigOf(side.side.config.database),
                                        config::KeysOf(side.side.secrets), {&loop_}));
  absl::Status status = base::RunOnLoop<absl::Status>(loop_, [&] { return work(*storage); });
  storage->Close();
  return status;
}

void TenantMover::Tell(std::string_view step, const std::string& text) {
  report_.Line(absl::StrCat(tenant_.name, ": ", text),
               JsonObject().Add("tenant", tenant_.name).Add("step", step));
}

}  // namespace gatehouse::service
