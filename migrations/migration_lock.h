#ifndef GATEHOUSE_MIGRATIONS_MIGRATION_LOCK_H_
#define GATEHOUSE_MIGRATIONS_MIGRATION_LOCK_H_

#include <chrono>
#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::migrations {

// The advisory lock of the database, held by whoever changes its schema. "gatehous" in ASCII: any
// constant will do, as long as it never changes.
inline constexpr int64_t kMigrationLockKey = 0x67617465686f7573;

using SleepFunction = std::function<void(std::chrono::milliseconds)>;

// Holds the lock until destruction; a session that dies frees it by itself. Needs a connection of
// its own to Postgres: a pooler in transaction mode would hand the session to somebody else.
class MigrationLock {
 public:
  // Waits up to `wait`, then ABORTED with a message that names the holder. It asks again and again
  // instead of queueing: a session queued in pg_advisory_lock holds a snapshot, which the
  // holder's CREATE INDEX CONCURRENTLY would wait for, forever.
  static absl::StatusOr<MigrationLock> Acquire(storage::postgres::admin::Connection& connection,
                                               std::chrono::milliseconds wait,
                                               const SleepFunction& sleep);

  MigrationLock(MigrationLock&& other) noexcept;
  MigrationLock& operator=(MigrationLock&&) = delete;
  ~MigrationLock();

 private:
  explicit MigrationLock(storage::postgres::admin::Connection* connection)
      : connection_(connection) {}

  storage::postgres::admin::Connection* connection_;
};

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_MIGRATION_LOCK_H_
