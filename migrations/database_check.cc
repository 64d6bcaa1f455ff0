#include "migrations/database_check.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "migrations/queries/migration_queries.h"

namespace gatehouse::migrations {
namespace {

using storage::postgres::admin::Connection;

// What the statements are tested with.
constexpr int kMinServerVersion = 150000;
// Days are sealed an hour after they end, tokens live for minutes: more than NTP leaves anywhere,
// and less than what either would notice.
constexpr std::chrono::seconds kMaxClockDifference(30);

// Only where Citus is installed, which makes this table: no statement of ours, which are tested
// against our schema.
constexpr std::string_view kCountDistributed =
    "SELECT count(*) FROM pg_catalog.pg_dist_partition AS distributed "
    "JOIN pg_catalog.pg_class AS class ON class.oid = distributed.logicalrel "
    "JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace "
    "WHERE namespace.nspname = 'gatehouse'";

absl::Status Unsuitable(std::string_view what) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat("this database cannot be used: ", std::string(what)),
                         {.reason = base::Reason::kDatabaseUnsuitable});
}

absl::Status CheckClock(int64_t micros, base::Time before, base::Time after) {
  const base::Time theirs = base::TimeFromMicros(micros);
  const base::Duration ahead = theirs - after;
  const base::Duration behind = before - theirs;
  const base::Duration difference = std::max(ahead, behind);
  if (difference <= kMaxClockDifference) return absl::OkStatus();
  return Unsuitable(absl::StrCat(
      "its clock is ", std::chrono::duration_cast<std::chrono::seconds>(difference).count(), " s ",
      ahead > behind ? "ahead of" : "behind",
      " this machine's. Let both follow the same time servers (NTP)"));
}

// A database that is no standby may be set to take none.
absl::Status CheckTakesChanges(bool is_standby, bool is_read_only) {
  if (is_standby) {
    return Unsuitable(
        "it is a standby, which takes no changes. Name the primary, or several hosts with "
        "target_session_attrs=read-write; or set database.allow_standby to wait for its promotion");
  }
  if (is_read_only) {
    return Unsuitable(
        "its transactions are read-only. Reset default_transaction_read_only, which the server, "
        "the database or the role has set");
  }
  return absl::OkStatus();
}

// Guards in SQL take a row as it is when they come to it; stricter isolation aborts them instead.
absl::Status CheckIsolation(const std::string& isolation) {
  if (isolation == "read committed") return absl::OkStatus();
  return Unsuitable(absl::StrCat(
      "its transactions begin in isolation \"", isolation,
      "\", which aborts changes that meet. Behind a pooler no session can set another. "
      "In the database itself: ALTER ROLE ... SET default_transaction_isolation = "
      "'read committed', for the role of database.dsn"));
}

absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& dsn,
                                                 const std::string& password_file) {
  return Connection::Open(
      dsn,
      {.application_name = "gatehouse start", .password_file = password_file, .standby_too = true});
}

absl::StatusOr<DatabaseIdentity> Identify(const std::string& dsn,
                                          const std::string& password_file) {
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Open(dsn, password_file));
  return IdentifyDatabase(*connection);
}

}  // namespace

absl::StatusOr<DatabaseIdentity> IdentifyDatabase(Connection& connection) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                      connection.Query(queries::kIdentifyDatabase.text, {}));
  return DatabaseIdentity{.database = rows.at(0)[0].value_or(""),
                          .is_standby = rows.at(0)[1] == "t"};
}

absl::Status CheckDatabase(Connection& connection, const base::Clock& clock,
                           const DatabaseNeeds& needs) {
  if (connection.server_version() < kMinServerVersion) {
    return Unsuitable(absl::StrCat("Postgres ", connection.server_version() / 10000,
                                   " is older than 15. Upgrade it"));
  }
  const base::Time before = clock.Now();
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                      connection.Query(queries::kDescribeDatabase.text, {}));
  const base::Time after = clock.Now();
  const Connection::Row& row = rows.at(0);
  if (row[0] != "UTF8") {
    return Unsuitable(absl::StrCat("its encoding is ", row[0].value_or(""),
                                   ", where many names have no place. Make one with: CREATE "
                                   "DATABASE gatehouse ENCODING 'UTF8' TEMPLATE template0"));
  }
  if (!needs.allow_standby) GH_RETURN_IF_ERROR(CheckTakesChanges(row[1] == "t", row[2] == "t"));
  if (!needs.sessions_set_isolation) GH_RETURN_IF_ERROR(CheckIsolation(row[3].value_or("")));
  if (row[4] == "t") {
    GH_ASSIGN_OR_RETURN(const Connection::Rows distributed,
                        connection.Query(kCountDistributed, {}));
    if (distributed.at(0)[0] != "0") {
      return Unsuitable(
          "Citus distributes its tables, and commits each statement of a change by itself. Use "
          "plain Postgres (docs/operating/database.md)");
    }
  }
  int64_t micros = 0;
  (void)absl::SimpleAtoi(row[5].value_or(""), &micros);  // A bigint always parses.
  return CheckClock(micros, before, after);
}

absl::Status CheckPooledDatabase(const std::string& dsn, const std::string& direct_dsn,
                                 const std::string& password_file, const DatabaseNeeds& needs) {
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Open(dsn, password_file));
  GH_RETURN_IF_ERROR(CheckDatabase(*connection, base::SystemClock(), needs));
  GH_ASSIGN_OR_RETURN(const DatabaseIdentity pooled, IdentifyDatabase(*connection));
  GH_ASSIGN_OR_RETURN(const DatabaseIdentity direct, Identify(direct_dsn, password_file));
  if (pooled.database == direct.database) return absl::OkStatus();
  return Unsuitable(
      "database.dsn and database.direct_dsn name two, and events of the one would never get their "
      "place in the log. Let both name the same");
}

absl::StatusOr<bool> IsStandbyOf(const std::string& dsn, const std::string& read_dsn,
                                 const std::string& password_file) {
  GH_ASSIGN_OR_RETURN(const DatabaseIdentity primary, Identify(dsn, password_file));
  GH_ASSIGN_OR_RETURN(const DatabaseIdentity standby, Identify(read_dsn, password_file));
  if (primary.database == standby.database) return standby.is_standby;
  return Unsuitable(
      "database.dsn and database.read_dsn name two, and lists would be those of the other. Let "
      "database.read_dsn name a standby of the first, made by pg_basebackup");
}

}  // namespace gatehouse::migrations
