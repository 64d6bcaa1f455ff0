#ifndef GATEHOUSE_STORAGE_SERVER_SERVER_STORE_H_
#define GATEHOUSE_STORAGE_SERVER_SERVER_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"

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
  // Webhook endpoints with events that nobody is at work on, though they are not new.
  int64_t idle_endpoints = 0;
};

// Safe on every loop; `database` outlives it.
class ServerStore {
 public:
  explicit ServerStore(postgres::Database& database) : database_(database) {}

  base::Task<absl::StatusOr<DatabaseInspection>> Inspect(base::CallContext ctx,
                                                         base::Uuid tenant_id, base::Time now);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SERVER_SERVER_STORE_H_
