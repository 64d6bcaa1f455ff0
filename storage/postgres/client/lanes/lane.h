#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_LANE_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_LANE_H_

#include <algorithm>
#include <asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/async/loop.h"
#include "storage/postgres/client/lanes/client_state.h"
#include "storage/postgres/client/lanes/segment.h"
#include "storage/postgres/client/sqlstate.h"

struct pg_conn;
struct pg_cancel;

namespace gatehouse::storage::postgres {

// One connection in pipeline mode, with its queue of segments in flight. It
// connects by itself, again and again with backoff, until closed.
//
// Results come in the order of sending, so they belong to the head of the queue.
// Whatever does not fit that order closes the connection.
//
// Lifetime: owned by a LaneSet; socket waits keep it alive for one more turn.
// Thread: one loop. Resumes coroutines only when its own state is in order:
// they may come back with another segment.
class Lane : public std::enable_shared_from_this<Lane> {
 public:
  // Told about what happens to a lane. Calls come from the lane's loop.
  class Owner {
   public:
    virtual ~Owner() = default;
    // It is connected, or has room again.
    virtual void OnLaneReady(Lane& lane) = 0;
    // It was certainly not executed and nobody else has it: send it again.
    virtual void Resubmit(SegmentPtr segment) = 0;
  };

  Lane(std::shared_ptr<ClientState> state, base::Loop& loop, Owner& owner);
  ~Lane();

  void Connect();

  // Ends the connection for good; what is in flight gets `status`.
  void Close(const absl::Status& status);

  // Gives up the connection, which is in doubt, for a new one.
  void Reconnect(const std::string& why) { Fail(why); }

  // Counts connections; 0 while there is none. A transaction compares it to
  // know that the connection it began on is still there.
  uint64_t connection_id() const { return ready_ ? connection_id_ : 0; }
  bool ready() const { return ready_; }
  bool cancel_under_way() const { return cancel_under_way_; }
  // Segments that have been sent and not answered.
  size_t in_flight() const { return segments_in_flight_; }
  // Connected, nothing in flight, no transaction open, and no cancel request
  // under way that could hit whoever comes next.
  bool IsIdle() const;

  // Sends segments that share one Sync: a failure of one undoes all, and the others are
  // sent again by themselves. Several only if all of them read. Only when ready. False if
  // the connection is broken and nothing of them was executed.
  bool Send(std::span<const SegmentPtr> segments);

  // A segment in flight here has been abandoned.
  void OnAbandoned() { WatchHead(); }

 private:
  // A segment and its results so far.
  struct Member {
    SegmentPtr segment;
    std::vector<Rows> rows = {};
  };
  // One command of a segment and the one result it must bring.
  struct Command {
    // Whose it is: of so many members from this one on.
    size_t member = 0;
    size_t members = 1;
    bool is_prepare = false;
    std::string key = {};   // In prepared_; empty for one-off statements.
    std::string name = {};  // Of the server's prepared statement.
  };
  // What stands between two Syncs.
  struct InFlight {
    std::vector<Member> members = {};  // None for the lane's own housekeeping.
    std::vector<Command> commands = {};
    // The command whose result comes next, and whether it has come.
    size_t next = 0;
    bool has_result = false;
    // What went wrong, and with which member; nullopt if that cannot be told.
    std::optional<ServerError> error = std::nullopt;
    std::optional<size_t> failed = std::nullopt;
    // A cancel request was under way while this was in flight, so 57014 may
    // mean another segment.
    bool exposed_to_cancel = false;

    bool has_abandoned() const {
      return std::ranges::any_of(members, [](const Member& one) { return one.segment->abandoned; });
    }
    bool is_commit() const { return !members.empty() && members.front().segment->is_commit; }
    size_t size() const { return std::max<size_t>(1, members.size()); }
  };
  using Completions = std::vector<std::pair<SegmentPtr, SegmentResult>>;

  void AwaitConnect(bool for_reading);
  void PollConnect();
  void OnConnected();
  void OnConnectFailed(const std::string& why);
  void ScheduleReconnect();
  void CloseSocket();

  // The statements of one segment, or of several that are one for all of them.
  bool SendStatements(std::span<const SegmentPtr> segments, InFlight& entry);
  // For the last `members` members.
  bool SendStatement(const Batch::Statement& statement, size_t members, InFlight& entry);
  // After its Sync.
  void Track(InFlight entry);
  InFlight TakeHead();
  std::deque<InFlight> TakeAll();
  void DeallocateStale();

  void WaitReadable();
  void WaitWritable();
  void Flush();
  void OnReadable();

  // Reads whatever results have arrived.
  void ProcessResults();
  // False after something unexpected, with why in *surprise.
  bool OnResult(std::shared_ptr<pg_result> result, Completions& completions, std::string* surprise);
  bool OnError(const pg_result* result, std::string* surprise);
  bool OnRows(std::shared_ptr<pg_result> result, InFlight& head);
  bool OnSync(Completions& completions, std::string* surprise);
  bool ShouldRetry(const InFlight& entry, const Segment& segment) const;
  // False if something newer has taken its place.
  bool Forget(const Command& command);

  // A write failed: what the server said before it hung up tells what it did not
  // execute, so that is read first.
  void FailAfterReading();
  // The connection is gone or cannot be trusted any more.
  void Fail(const std::string& why);
  // What becomes of a segment when its connection is lost; nullopt if it was
  // certainly not executed, or may run again.
  std::optional<SegmentResult> LostResult(const InFlight& entry, size_t member,
                                          bool was_head) const;

  void WatchHead();
  void OnHeadOverdue();

  std::shared_ptr<ClientState> state_;
  base::Loop& loop_;
  Owner& owner_;

  pg_conn* connection_ = nullptr;
  std::shared_ptr<pg_cancel> cancel_;
  asio::posix::stream_descriptor socket_;
  bool ready_ = false;
  bool closed_ = false;
  // Handlers of an earlier connection see another number and do nothing.
  uint64_t connection_id_ = 0;
  size_t rotation_ = 0;
  int failures_ = 0;
  base::Loop::Timer connect_timer_;

  bool waits_readable_ = false;
  bool waits_writable_ = false;
  std::deque<InFlight> in_flight_;
  size_t segments_in_flight_ = 0;
  // Statement and parameter types -> name of the prepared statement. The names
  // are never used twice on a connection, so a stale one cannot mean another.
  std::unordered_map<std::string, std::string> prepared_;
  uint64_t prepared_names_ = 0;
  // Prepared statements that are of no more use, to be deallocated.
  std::vector<std::string> stale_;
  // The server said FATAL: it executed nothing after the head of the queue.
  bool server_gave_up_ = false;

  // Set while the head of the queue is abandoned.
  base::Loop::Timer head_timer_;
  bool head_watched_ = false;
  bool cancel_sent_ = false;
  bool cancel_under_way_ = false;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_LANE_H_
