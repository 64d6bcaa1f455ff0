#ifndef GATEHOUSE_STORAGE_SERVER_SERVER_STORE_H_
#define GATEHOUSE_STORAGE_SERVER_SERVER_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"

namespace gatehouse::storage::postgres {
class Database;
}

namespace gatehouse::storage {

// What the database says of itself, and of what the server keeps in it.
struct DatabaseInspection {
  std::string postgres_version;
  // A standby: takes no changes.
  bool in_recovery = false;
  int32_t schema_version = 0;
  // LOG_ROLLED_BACK: no event gets its place in the log.
  bool log_halted = false;
  // Daily partitions of today and tomorrow that are not there.
  std::vector<std::string> missing_partitions;
  // Webhook endpoints, of all tenants, with events that nobody is at work on, though they are not
  // new.
  int64_t idle_endpoints = 0;
};

// The database's own limits, and how full it is.
struct DatabaseExamination {
  int32_t max_connections = 0;
  // Of all clients of the whole cluster.
  int64_t connections = 0;
  int64_t bytes = 0;
  // Of the cluster's files, on its own machine; empty where the role may not know it.
  std::string data_directory;
  // How long the oldest transaction of another session is open, in seconds. While it is, nothing
  // that is deleted gives its room back.
  int64_t oldest_transaction_s = 0;
  // In the partitions for what has no day of its own: late maintenance.
  int64_t default_partition_bytes = 0;
  int64_t event_days = 0;
  // How many days ago the oldest day began that is not sealed; nullopt if there is none.
  std::optional<int32_t> unsealed_days = std::nullopt;
  // What is committed survives a crash of the machine, and of Postgres.
  bool writes_are_safe = true;
  bool commits_are_safe = true;
  bool autovacuum = true;
};

// Safe on every loop; `database` outlives it.
class ServerStore {
 public:
  explicit ServerStore(postgres::Database& database) : database_(database) {}

  base::Task<absl::StatusOr<DatabaseInspection>> Inspect(base::CallContext ctx, base::Time now);

  // Of a database with the newest schema.
  base::Task<absl::StatusOr<DatabaseExamination>> Examine(base::CallContext ctx);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SERVER_SERVER_STORE_H_
