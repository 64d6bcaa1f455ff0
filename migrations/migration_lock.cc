#include "migrations/migration_lock.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "migrations/queries/migration_queries.h"

namespace gatehouse::migrations {
namespace {

namespace queries = migrations::queries;
using storage::postgres::admin::Connection;

// Unnoticed by a waiting person, no load for the database.
constexpr std::chrono::milliseconds kPollInterval{100};

std::string DescribeHolder(Connection& connection) {
  auto rows = connection.Query(queries::kFindLockHolder.text, {absl::StrCat(kMigrationLockKey)});
  if (!rows.ok() || rows->empty()) return "a session that has just ended";
  return (*rows)[0][0].value_or("?");
}

}  // namespace

absl::StatusOr<MigrationLock> MigrationLock::Acquire(Connection& connection,
                                                     std::chrono::milliseconds wait,
                                                     const SleepFunction& sleep) {
  for (auto waited = std::chrono::milliseconds(0);; waited += kPollInterval) {
    GH_ASSIGN_OR_RETURN(Connection::Rows rows,
                        connection.Query("SELECT pg_try_advisory_lock($1::bigint)",
                                         {absl::StrCat(kMigrationLockKey)}));
    if (rows[0][0] == "t") return MigrationLock(&connection);
    if (waited >= wait) {
      return base::MakeError(
          absl::StatusCode::kAborted,
          absl::StrCat("another migration is running (", DescribeHolder(connection), "); waited ",
                       wait.count(), " ms for it"),
          {.reason = base::Reason::kConflict});
    }
    sleep(kPollInterval);
  }
}

MigrationLock::MigrationLock(MigrationLock&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

MigrationLock::~MigrationLock() {
  if (connection_ == nullptr) return;
  // If this fails the connection is gone, and the lock with it.
  (void)connection_->Query("SELECT pg_advisory_unlock($1::bigint)",
                           {absl::StrCat(kMigrationLockKey)});
}

}  // namespace gatehouse::migrations
