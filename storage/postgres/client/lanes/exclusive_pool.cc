#include "storage/postgres/client/lanes/exclusive_pool.h"

#include <chrono>
#include <utility>

#include "storage/postgres/client/client_errors.h"

namespace gatehouse::storage::postgres {
namespace {

constexpr Query kRollback{"", "ROLLBACK"};

}  // namespace

ExclusivePool::ExclusivePool(std::shared_ptr<ClientState> state, base::Loop& loop)
    : state_(std::move(state)), loop_(loop) {}

base::Task<absl::StatusOr<ExclusivePool::Loan>> ExclusivePool::Acquire(
    std::shared_ptr<ExclusivePool> self, base::CallContext ctx) {
  if (absl::Status alive = CheckAlive(ctx); !alive.ok()) co_return alive;
  if (self->closing_) co_return ShuttingDownError();
  if (self->waiters_.size() >= static_cast<size_t>(self->state_->config.max_queued_per_loop)) {
    co_return OverloadedError("max_queued_per_loop");
  }
  auto waiter = std::make_shared<Waiter>();
  self->waiters_.push_back(waiter);
  ++self->state_->counters.queued;
  self->ServeWaiters();
  const base::SteadyTime limit =
      std::chrono::steady_clock::now() + self->state_->config.acquire_timeout;
  const bool by_deadline = ctx.deadline() < limit;
  base::Loop::Timer timer;
  timer = ctx.loop().At(by_deadline ? ctx.deadline() : limit, [self, waiter, by_deadline] {
    bool any_ready = false;
    for (const Slot& slot : self->slots_) any_ready |= slot.lane->ready();
    const absl::Status busy =
        any_ready ? OverloadedError("exclusive_per_loop") : UnavailableError();
    self->GiveUp(waiter, by_deadline ? DeadlineError() : busy);
  });
  const base::CancelToken::Registration on_cancel =
      ctx.cancel().OnCancel([self, waiter] { self->GiveUp(waiter, CancelledError()); });
  absl::StatusOr<Loan> loan = co_await waiter->done;
  co_return loan;
}

base::Task<SegmentResult> ExclusivePool::Run(std::shared_ptr<ExclusivePool> self,
                                             base::CallContext ctx, Loan loan, SegmentPtr segment) {
  if (absl::Status alive = CheckAlive(ctx); !alive.ok()) co_return alive;
  segment->pinned = true;
  if (self->closing_) co_return ShuttingDownError();
  if (loan.lane->connection_id() != loan.connection_id) co_return UnavailableError();
  if (!loan.lane->Send({&segment, 1})) co_return UnavailableError();
  SegmentResult result = co_await AwaitSegment(std::move(ctx), segment);
  co_return result;
}

void ExclusivePool::Release(const Loan& loan) {
  Slot* slot = Find(*loan.lane);
  if (slot == nullptr) return;
  slot->lent = false;
  // On a new connection there is nothing to roll back.
  if (loan.lane->connection_id() == loan.connection_id && !loan.lane->IsIdle()) {
    Batch rollback;
    rollback.Add(kRollback);
    auto segment = std::make_shared<Segment>(std::move(rollback));
    segment->pinned = true;
    loan.lane->Send({&segment, 1});
  }
  ServeWaiters();
}

ExclusivePool::Slot* ExclusivePool::Find(const Lane& lane) {
  for (Slot& slot : slots_) {
    if (slot.lane.get() == &lane) return &slot;
  }
  return nullptr;
}

void ExclusivePool::OnLaneReady(Lane& lane) {
  Slot* slot = Find(lane);
  if (slot == nullptr || slot->lent) return;
  // The ROLLBACK itself failed, hit by a late cancel request perhaps: a
  // connection in doubt is not lent again.
  if (lane.in_flight() == 0 && !lane.cancel_under_way() && !lane.IsIdle()) {
    lane.Reconnect("could not be rolled back");
    return;
  }
  ServeWaiters();
}

void ExclusivePool::Resubmit(SegmentPtr segment) { segment->done.Set(UnavailableError()); }

void ExclusivePool::ServeWaiters() {
  size_t opening = 0;
  for (size_t i = 0; i < slots_.size() && !waiters_.empty(); ++i) {
    Slot& slot = slots_[i];
    if (slot.lent) continue;
    if (!slot.lane->IsIdle()) {
      ++opening;
      continue;
    }
    slot.lent = true;
    const std::shared_ptr<Waiter> waiter = waiters_.front();
    waiters_.pop_front();
    --state_->counters.queued;
    // Later: the waiter may not have suspended yet, and what it does may come back here.
    loop_.Post(
        [self = shared_from_this(), waiter, loan = Loan{slot.lane, slot.lane->connection_id()}] {
          if (!waiter->done.Set(loan)) self->Release(loan);
        });
  }
  while (!closing_ && opening < waiters_.size() &&
         slots_.size() < static_cast<size_t>(state_->config.exclusive_per_loop)) {
    slots_.push_back({.lane = std::make_shared<Lane>(state_, loop_, *this)});
    slots_.back().lane->Connect();
    ++opening;
  }
}

void ExclusivePool::GiveUp(const std::shared_ptr<Waiter>& waiter, const absl::Status& status) {
  for (auto at = waiters_.begin(); at != waiters_.end(); ++at) {
    if (*at != waiter) continue;
    waiters_.erase(at);
    --state_->counters.queued;
    break;
  }
  waiter->done.Set(status);
}

void ExclusivePool::BeginClose() {
  closing_ = true;
  while (!waiters_.empty()) GiveUp(waiters_.front(), ShuttingDownError());
}

size_t ExclusivePool::in_flight() const {
  size_t total = 0;
  for (const Slot& slot : slots_) total += slot.lane->in_flight();
  return total;
}

void ExclusivePool::Close() {
  for (const Slot& slot : slots_) slot.lane->Close(ShuttingDownError());
  slots_.clear();
}

}  // namespace gatehouse::storage::postgres
