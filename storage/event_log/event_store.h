#ifndef GATEHOUSE_STORAGE_EVENT_LOG_EVENT_STORE_H_
#define GATEHOUSE_STORAGE_EVENT_LOG_EVENT_STORE_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/change.h"
#include "storage/event.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

struct EventStoreLimits {
  // Of one statement. Beyond some hundred rows its latency grows and the cost
  // per row no longer falls.
  size_t max_rows = 512;
  size_t max_bytes = size_t{4} << 20;
  // Statements in flight per loop: the next one is under way while the first
  // waits for its commit.
  int max_in_flight = 3;
  // A statement costs as much as some ten of its rows. So while many append at a
  // time, one sets off when half of them wait: the other half is being written or
  // answered. Those who have stopped calling are waited for this long. A lone
  // event sets off at once.
  std::chrono::microseconds gather{1000};
  // Waiting per loop; beyond it STORAGE_OVERLOADED.
  size_t max_waiting_rows = 16'384;
  size_t max_waiting_bytes = size_t{64} << 20;
};

// Appends events that are no part of a change: recorded and published ones,
// denials, failed logins. Concurrent calls of one loop share a statement and a
// commit, and each gets a result of its own: an event that Postgres refuses
// does not harm those beside it.
//
// Lifetime: within that of the database and the loops. Close() or the
// destructor, not on a loop's thread and once no call is left: GiveUp(), and
// waits for that. Thread: Append on ctx.loop(), one of `loops`.
class EventStore {
 public:
  // `database` tells the sequencer of what is committed (DatabaseConfig::on_announced).
  EventStore(postgres::Database& database, std::vector<base::Loop*> loops,
             EventStoreLimits limits = {});
  ~EventStore();

  // OK: committed, and the sequencer told. With a key that was used before
  // nothing is written: ALREADY_EXISTS, as for changes.
  // When ctx is cancelled before that: CANCELLED, and the event may be written
  // if its statement was already under way.
  base::Task<absl::Status> Append(base::CallContext ctx, Event event,
                                  std::optional<Idempotency> idempotency = std::nullopt);

  // Several events, all or none of them, in their order: in a transaction of their own. Otherwise
  // as Append.
  base::Task<absl::Status> AppendTogether(base::CallContext ctx, Change change);

  // For what must be on record before the answer leaves, even if the caller
  // has given up: denials, failed logins. Not cancelled with ctx; GiveUp ends it.
  base::Task<absl::Status> AppendNow(base::CallContext ctx, Event event);

  // Events that wait for a statement. From any thread.
  size_t waiting() const;

  // Fails what waits, what is in flight and what comes with SHUTTING_DOWN: a
  // database that hangs may never finish it, and a call would wait as long. What
  // was in flight may be written. From any thread, at any time.
  void GiveUp();

  void Close();

 private:
  class Lane;

  base::Task<absl::Status> Enqueue(base::CallContext ctx, Event event,
                                   std::optional<Idempotency> idempotency, bool cancellable);

  postgres::Database& database_;
  // One per loop. Unchanged after the constructor.
  std::vector<std::shared_ptr<Lane>> lanes_;
  bool closed_ = false;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LOG_EVENT_STORE_H_
