#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_EXCLUSIVE_POOL_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_EXCLUSIVE_POOL_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/one_shot.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/postgres/client/lanes/client_state.h"
#include "storage/postgres/client/lanes/lane.h"
#include "storage/postgres/client/lanes/segment.h"

namespace gatehouse::storage::postgres {

// The connections of one loop that transactions have for themselves. They are
// opened when first needed and kept.
//
// Lifetime: owned by Database and by its transactions. Thread: its loop.
class ExclusivePool : public Lane::Owner, public std::enable_shared_from_this<ExclusivePool> {
 public:
  // A connection on loan. The holder gives it back with Release.
  struct Loan {
    std::shared_ptr<Lane> lane;
    // The connection it was lent on; the lane may have lost it since.
    uint64_t connection_id = 0;
  };

  ExclusivePool(std::shared_ptr<ClientState> state, base::Loop& loop);

  // Waits for a free connection: no longer than acquire_timeout, nor than `ctx`
  // allows.
  static base::Task<absl::StatusOr<Loan>> Acquire(std::shared_ptr<ExclusivePool> self,
                                                  base::CallContext ctx);

  // Runs a segment of the transaction that has the loan.
  static base::Task<SegmentResult> Run(std::shared_ptr<ExclusivePool> self, base::CallContext ctx,
                                       Loan loan, SegmentPtr segment);

  // Takes a connection back, rolling back what is open on it first. It is lent
  // again when that is done: a statement still running is cancelled after the
  // grace, so this is bounded, and the holder does not wait for it.
  void Release(const Loan& loan);

  void BeginClose();
  size_t in_flight() const;
  void Close();

  void OnLaneReady(Lane& lane) override;
  // Segments of a transaction cannot move, so there is nothing to send again.
  void Resubmit(SegmentPtr segment) override;

 private:
  struct Slot {
    std::shared_ptr<Lane> lane;
    bool lent = false;
  };
  struct Waiter {
    base::OneShot<absl::StatusOr<Loan>> done;
  };
  using Waiters = std::list<std::shared_ptr<Waiter>>;

  void ServeWaiters();
  void GiveUp(const std::shared_ptr<Waiter>& waiter, const absl::Status& status);
  Slot* Find(const Lane& lane);

  std::shared_ptr<ClientState> state_;
  base::Loop& loop_;
  std::vector<Slot> slots_;
  Waiters waiters_;
  bool closing_ = false;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_EXCLUSIVE_POOL_H_
