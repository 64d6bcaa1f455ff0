#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_LANE_SET_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_LANE_SET_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/postgres/client/lanes/client_state.h"
#include "storage/postgres/client/lanes/lane.h"
#include "storage/postgres/client/lanes/segment.h"

namespace gatehouse::storage::postgres {

// Shared lanes of one loop, and the queue of what waits for one of them.
//
// Reads wait until the turn of the loop ends. Those of one turn then go out together, with
// one Sync: one write instead of many for us, one transaction and one answer for Postgres.
//
// Lifetime: owned by Database and by the calls that run on it. Thread: its loop.
class LaneSet : public Lane::Owner, public std::enable_shared_from_this<LaneSet> {
 public:
  LaneSet(std::shared_ptr<ClientState> state, base::Loop& loop, int lanes);

  // Opens a lane, and the others a moment later or when the first is not enough: each costs
  // Postgres a process, and a start has other things to do.
  void Start();

  // Runs a batch on whichever lane is the least busy.
  static base::Task<SegmentResult> Run(std::shared_ptr<LaneSet> self, base::CallContext ctx,
                                       Batch batch);

  // Refuses new segments and fails those that wait. Returns those in flight.
  void BeginClose();
  size_t in_flight() const;
  // Ends what is left, and every connection.
  void Close();

  void OnLaneReady(Lane& lane) override;
  void Resubmit(SegmentPtr segment) override;

 private:
  void Open(size_t lanes);
  void Submit(const SegmentPtr& segment);
  // Sends what waits to whichever lanes have room.
  void Dispatch();
  // The first in the queue, and others behind it that may share its Sync.
  std::vector<SegmentPtr> TakeGroup(size_t room);
  Lane* LeastBusy() const;
  bool AnyReady() const;
  void ArmExpiry();
  void ExpireQueue();

  std::shared_ptr<ClientState> state_;
  base::Loop& loop_;
  const size_t count_;
  std::vector<std::shared_ptr<Lane>> lanes_;
  SegmentQueue queue_;
  base::Loop::Timer opening_;
  base::Loop::Timer expiry_;
  bool expiry_armed_ = false;
  bool dispatch_posted_ = false;
  bool closing_ = false;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_LANE_SET_H_
