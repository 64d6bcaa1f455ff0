#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_DATABASE_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_DATABASE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/freshness.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/defaults.h"
#include "storage/postgres/client/params.h"
#include "storage/postgres/client/query.h"
#include "storage/postgres/client/row.h"
#include "storage/postgres/client/standby/standby_stats.h"
#include "storage/postgres/client/transaction.h"

namespace gatehouse::storage::postgres {

struct DatabaseConfig {
  // A libpq connection string or URI. With several hosts and target_session_attrs it
  // follows a failover. Looking up the name of a host blocks the loop: addresses, Unix
  // sockets and a local resolver do not.
  std::string dsn;
  // The first line of this file, if one is named, replaces the DSN's password. It is
  // read at every connect, so a new password needs no restart.
  std::string password_file = {};
  std::string application_name = "gatehouse";
  // The schemas that unqualified names are looked up in. If empty, the role's own
  // setting stays.
  std::string search_path = "gatehouse";
  // Further settings of every session, by name.
  std::vector<std::pair<std::string, std::string>> session_settings = {};

  // Shared connections per loop for Query. One is enough to keep a loop busy. The second
  // serves everybody else while a slow statement holds up the first.
  int lanes_per_loop = 2;
  // Shared connections per loop for Run. A lane waits until each commit has reached the
  // disk, and reads should not wait with it, so changes have lanes of their own. There
  // are more of them because Postgres writes the commits of several lanes at once.
  int batch_lanes_per_loop = 8;
  // Calls in flight on one lane. Further calls would wait inside Postgres, where they
  // can no longer be refused or moved to another lane.
  int max_in_flight_per_lane = 64;
  // Calls per loop that wait for a lane of either kind. The next one is refused with
  // STORAGE_OVERLOADED.
  int max_queued_per_loop = 1024;
  // Connections per loop for transactions. Each is opened when it is first needed.
  int exclusive_per_loop = 4;

  // How long a call waits for a connection while none is up, or for an
  // exclusive one.
  std::chrono::milliseconds acquire_timeout{2000};
  std::chrono::milliseconds connect_timeout{5000};
  // No statement runs longer than this, whatever the call's deadline.
  std::chrono::milliseconds statement_timeout = kDefaultStatementTimeout;
  // A statement that nobody waits for any more may hold up its lane for this long, then
  // it is cancelled. A shorter time would cancel statements that are about to end.
  std::chrono::milliseconds abandoned_grace{50};
  // The first and the longest delay before connecting again. Delays double in between
  // and have full jitter.
  std::chrono::milliseconds min_backoff{50};
  std::chrono::milliseconds max_backoff{5000};

  // False behind pgbouncer in transaction mode, which allows neither named statements nor
  // session settings. The role then needs its search_path and statement_timeout from
  // ALTER ROLE ... SET.
  bool use_prepared_statements = true;

  // A standby that may answer reads with Freshness::kMayLag, if one is named; with the
  // password of `password_file`, too. Nothing fails because of it: what it cannot answer,
  // or not within `standby_max_lag` of the primary, the primary answers. None is asked
  // before MeasureStandby, nor when that has not been called for `standby_max_lag`.
  std::string standby_dsn = {};
  std::chrono::milliseconds standby_max_lag{5000};

  // Called when the call of an announced batch (Batch::Announce) ends, with success or
  // not. Runs on a loop's thread and must not block.
  std::function<void()> on_announced = {};

  // Called with one line for each connection that was lost, failed or recovered. Runs on
  // a loop's thread. The line never holds a password.
  std::function<void(std::string_view)> tell = {};
};

// Counters since the start, for metrics, tests and benchmarks.
struct DatabaseStats {
  uint64_t statements = 0;  // Sent, without the PREPAREs.
  uint64_t prepares = 0;
  uint64_t syncs = 0;     // Round trips.
  uint64_t connects = 0;  // That succeeded.
  uint64_t connect_failures = 0;
  uint64_t connections_lost = 0;
  uint64_t cancels = 0;  // Cancel requests sent.
  uint64_t retries = 0;  // Segments sent again after a stale plan or a stray cancel.
  int64_t connections = 0;
  int64_t in_flight = 0;
  int64_t queued = 0;
};

// Postgres, for the whole process.
//
// Calls run on shared lanes. A lane is a connection in pipeline mode; each loop has a
// few, and each lane has many calls in flight. What one call sends up to its Sync is a
// transaction of its own; only reads share one. A result goes to the call at the head of
// its lane's queue.
// After anything unexpected the lane is closed, so a row never reaches the wrong call.
//
// Every call ends at its context's deadline or cancellation, even if Postgres never
// answers. Errors (see also sqlstate.h):
//   DATABASE_UNAVAILABLE  no connection: nothing was done;
//   OUTCOME_UNKNOWN       the connection broke after the call was sent, which may not run again
//                         (Query::may_run_again);
//   STORAGE_OVERLOADED    a limit of the config was hit: nothing was done;
//   DEADLINE, CANCELLED   as named. A statement already sent may still take effect.
//
// Lifetime: opened after the loops have started and closed before they stop. Close() and
// the destructor end every connection; calls still in flight get SHUTTING_DOWN. Neither
// may run on a loop's thread.
// Thread: a method that takes a context runs on ctx.loop(), one of the loops given to Open.
class Database {
 public:
  // INVALID_ARGUMENT if libpq cannot parse the DSN or a limit is below one. Open does not
  // wait for a connection; Ping does.
  static absl::StatusOr<std::unique_ptr<Database>> Open(DatabaseConfig config,
                                                        std::vector<base::Loop*> loops);
  ~Database();

  // Runs one statement as a transaction of its own. This is for reads; changes go
  // through Run.
  base::Task<absl::StatusOr<Rows>> Query(base::CallContext ctx, postgres::Query query,
                                         Params params, Freshness freshness = Freshness::kNow);

  // Runs all statements or none, in one round trip. Returns one Rows per statement.
  base::Task<absl::StatusOr<std::vector<Rows>>> Run(base::CallContext ctx, Batch batch);

  // Begins a transaction on a connection of its own, for a caller that needs a reply in
  // between. RESOURCE_EXHAUSTED if no connection becomes free within acquire_timeout.
  base::Task<absl::StatusOr<Transaction>> Begin(base::CallContext ctx);

  // OK when a shared lane answers.
  base::Task<absl::Status> Ping(base::CallContext ctx);

  // To be called a few times in each `standby_max_lag`: finds out whether the standby can
  // be asked. Does nothing without one. An error is the primary's.
  base::Task<absl::Status> MeasureStandby(base::CallContext ctx);

  // The standby's connections; null without one.
  const Database* standby() const;
  StandbyStats standby_stats() const;

  // Why connecting failed last, in words for the operator. Empty while connected.
  std::string last_connect_error() const;

  // From any thread.
  DatabaseStats stats() const;
  uint64_t statements_sent() const { return stats().statements; }

  void Close();

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_DATABASE_H_
