#ifndef GATEHOUSE_STORAGE_EVENT_LOG_SEQUENCER_H_
#define GATEHOUSE_STORAGE_EVENT_LOG_SEQUENCER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/log_feed.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// What one pass did.
struct SequencerPass {
  // False: another sequencer has the lock. Nothing was done.
  bool leads = false;
  // The pass was full: there is more to order right now.
  bool more = false;
  // What it ordered, committed.
  std::vector<LogBatch> batches;
};

// Gives committed events the next index of their tenant, following the log
// with a snapshot cursor: docs/sequencer.md.
//
// One per cluster leads, by an advisory lock on its connection; a second one is
// harmless, since each pass is a compare-and-swap on the cursor. Stateless
// otherwise: everything it knows is in the database.
//
// `database` is its own (OpenSequencerDatabase), so that the lock stays
// with the connection of the passes. Thread: its one loop. SequencerWorker
// (service/event_log) runs it; tests call RunPass by hand.
class Sequencer {
 public:
  // `instance` names this process to the listeners of all (LogListener).
  Sequencer(postgres::Database& database, std::string instance)
      : database_(database), instance_(std::move(instance)) {}

  // Orders about `max_events` events.
  //
  // FAILED_PRECONDITION, LOG_ROLLED_BACK when the database was restored from
  // another cluster, until Reset. After any other error the pass may have been
  // committed all the same: readers have to look at the log.
  base::Task<absl::StatusOr<SequencerPass>> RunPass(base::CallContext ctx, int64_t max_events);

  // Tells the sequencer that leads, in another process, that there is work.
  base::Task<absl::Status> WakeLeader(base::CallContext ctx);

  // For the operator, after a restore into another cluster: orders what is not
  // ordered yet and starts anew from this cluster's transactions. Harmless at
  // any other time. Returns how many events it ordered.
  base::Task<absl::StatusOr<int64_t>> Reset(base::CallContext ctx);

 private:
  postgres::Database& database_;
  const std::string instance_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LOG_SEQUENCER_H_
