#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_DATABASE_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_DATABASE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/loop.h"
#include "base/task.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/defaults.h"
#include "storage/postgres/client/params.h"
#include "storage/postgres/client/query.h"
#include "storage/postgres/client/row.h"
#include "storage/postgres/client/transaction.h"

namespace gatehouse::storage::postgres {

struct DatabaseConfig {
  // A libpq connection string or URI; several hosts and target_session_attrs
  // make it follow a failover. Hosts by name are resolved on the loop, which
  // blocks it meanwhile: prefer addresses, Unix sockets or a local resolver.
  std::string dsn;
  // If set, its first line replaces the DSN's password at every connect, so a
  // rotated password is picked up without a restart.
  std::string password_file = {};
  std::string application_name = "gatehouse";
  // Schemas that unqualified names are looked up in; empty leaves the role's.
  std::string search_path = "gatehouse";

  // Shared connections per loop for Query. One keeps a loop busy; the second
  // keeps everybody else going while a slow statement holds up the first.
  int lanes_per_loop = 2;
  // And for Run. Changes have lanes of their own, and more of them: a lane waits
  // for each commit to reach the disk before it goes on, so reads do not stand
  // behind them, and Postgres writes the commits of several lanes at once.
  int batch_lanes_per_loop = 8;
  // Calls in flight on one lane. More only wait inside Postgres, where they can
  // no longer be refused or moved.
  int max_in_flight_per_lane = 64;
  // Calls per loop that wait for a lane of either kind; beyond it
  // STORAGE_OVERLOADED.
  int max_queued_per_loop = 1024;
  // Connections per loop for transactions, opened when first needed.
  int exclusive_per_loop = 4;

  // How long a call waits for a connection while none is up, or for an
  // exclusive one.
  std::chrono::milliseconds acquire_timeout{2000};
  std::chrono::milliseconds connect_timeout{5000};
  // Upper bound of every statement, whatever the call's deadline.
  std::chrono::milliseconds statement_timeout = kDefaultStatementTimeout;
  // How long a statement that nobody waits for any more may hold up its lane
  // before it is cancelled: shorter, and statements about to end are cancelled.
  std::chrono::milliseconds abandoned_grace{50};
  // Reconnecting: the first delay and the longest, doubled in between, with
  // full jitter.
  std::chrono::milliseconds min_backoff{50};
  std::chrono::milliseconds max_backoff{5000};

  // False behind pgbouncer in transaction mode: no named statements and no
  // session settings, so give the role its search_path and statement_timeout
  // with ALTER ROLE ... SET.
  bool use_prepared_statements = true;

  // Called on a loop's thread when the call of an announced batch (Batch::Announce) ends,
  // however it ends. Must not block.
  std::function<void()> on_announced = {};

  // Gets one line per lost, failed and recovered connection, on a loop's
  // thread. Never holds a password.
  std::function<void(std::string_view)> log = {};
};

// Counters since the start. Tests and benches read them; so do metrics.
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
// Calls run on shared lanes: connections in pipeline mode, a few per loop, with
// many calls in flight on each. What one call sends up to its Sync is a
// transaction of its own. A result goes to the call at the head of its lane's
// queue; after anything unexpected the lane is closed, so a row never reaches
// the wrong call.
//
// Every call ends by its context's deadline or cancellation, also when Postgres
// does not answer. Errors (see also sqlstate.h):
//   DATABASE_UNAVAILABLE  no connection: nothing was done;
//   OUTCOME_UNKNOWN       the connection broke after the call was sent;
//   STORAGE_OVERLOADED    a limit of the config was hit: nothing was done;
//   DEADLINE, CANCELLED   as named. A statement already sent may still take effect.
//
// Lifetime: after the loops were started, before they are stopped. Close() or
// the destructor, from a thread that is no loop, ends every connection; calls
// still in flight get SHUTTING_DOWN. Thread: each method on ctx.loop(), which
// is one of the loops given to Open.
class Database {
 public:
  // INVALID_ARGUMENT for a DSN that libpq cannot parse or limits below one.
  // Does not wait for a connection: Ping does.
  static absl::StatusOr<std::unique_ptr<Database>> Open(DatabaseConfig config,
                                                        std::vector<base::Loop*> loops);
  ~Database();

  // One statement: a transaction of its own. For reads; changes go through Run.
  base::Task<absl::StatusOr<Rows>> Query(base::CallContext ctx, postgres::Query query,
                                         Params params);

  // All statements or none, in one round trip; one Rows per statement.
  base::Task<absl::StatusOr<std::vector<Rows>>> Run(base::CallContext ctx, Batch batch);

  // A transaction on a connection of its own, for what needs a reply in
  // between. RESOURCE_EXHAUSTED when none is free within acquire_timeout.
  base::Task<absl::StatusOr<Transaction>> Begin(base::CallContext ctx);

  // OK when a shared lane answers.
  base::Task<absl::Status> Ping(base::CallContext ctx);

  // Why connecting last failed, for the operator; empty while connected.
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
