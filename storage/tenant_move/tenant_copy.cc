#include "storage/tenant_move/tenant_copy.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/postgres/admin/connection.h"
#include "storage/tenant_move/queries/tenant_move_queries.h"
#include "storage/tenant_move/sealed_columns.h"
#include "storage/tenant_move/tenant_move_store.h"

namespace gatehouse::storage {

using base::Uuid;
using postgres::admin::Connection;
namespace queries = tenant_move::queries;

namespace {

// Of a transaction that deletes.
constexpr int kRowsPerSlice = 5000;
// As daily partitions are made: each waits two seconds for its lock at most.
constexpr int kMaxLockTries = 30;
constexpr char kLockNotAvailable[] = "55P03";

// Tables that say where a tenant went, when all else is gone.
constexpr std::string_view kSignposts[] = {"tenant", "tenant_host"};

// A copy takes as long as it takes, and texts that are compared come out the same on both sides.
constexpr char kSession[] =
    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET TimeZone = 'UTC'; "
    "SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; "
    "SET extra_float_digits = 1";

int64_t NumberOf(const Connection::Row& row, size_t column) {
  int64_t number = 0;
  (void)absl::SimpleAtoi(row[column].value_or(""), &number);  // Integers of Postgres always parse.
  return number;
}

absl::Status Run(Connection& connection, const std::string& script) {
  return connection.Execute(script).status();
}

absl::Status RunFor(Connection& connection, std::string_view statement, const Uuid& id) {
  return connection.Query(statement, {id.ToString()}).status();
}

absl::Status MakeDay(Connection& target, const std::string& parent, const std::string& key,
                     const std::string& day) {
  for (int tries = 1;; ++tries) {
    const absl::Status made =
        target.Query(event_log::queries::kCreatePartition.text, {parent, key, day}).status();
    if (made.ok() || target.last_sqlstate() != kLockNotAvailable || tries == kMaxLockTries) {
      return made;
    }
  }
}

// Both sides: in one snapshot, and as one change.
absl::Status BeginBoth(Connection& source, Connection& target, const Uuid& id) {
  GH_RETURN_IF_ERROR(Run(source, kSession));
  GH_RETURN_IF_ERROR(Run(target, kSession));
  GH_RETURN_IF_ERROR(Run(source, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  return Run(target,
             absl::StrCat("BEGIN; SET LOCAL gatehouse.moving_tenant = '", id.ToString(), "'"));
}

absl::Status RequireFrozen(Connection& source, const Uuid& id) {
  GH_ASSIGN_OR_RETURN(const std::optional<MovingTenant> tenant,
                      TenantMoveStore(source).FindTenant(id.ToString()));
  if (tenant && tenant->state == TenantState::kFrozen) return absl::OkStatus();
  return absl::FailedPreconditionError("the tenant is not frozen at the source");
}

absl::Status DeleteAllOf(Connection& connection, const std::vector<TenantTable>& tables,
                         const Uuid& id) {
  for (const TenantTable& table : std::views::reverse(tables)) {
    GH_RETURN_IF_ERROR(RunFor(
        connection,
        absl::StrCat("DELETE FROM gatehouse.", table.name, " WHERE tenant_id = $1::uuid"), id));
  }
  return absl::OkStatus();
}

// Fails if what the source would send and what the target has differ in a single value.
absl::Status Compare(Connection& source, Connection& target, const TenantTable& table,
                     const Uuid& id) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows sent,
                      source.Execute(TenantTable::SelectDigest(table.SelectMoving(id))));
  GH_ASSIGN_OR_RETURN(const Connection::Rows taken,
                      target.Execute(TenantTable::SelectDigest(table.SelectAll(id))));
  if (sent == taken) return absl::OkStatus();
  return base::InternalError(absl::StrCat(
      "the copy of ", table.name, " is not what the source has: ", taken.at(0)[0].value_or(""),
      " rows instead of ", sent.at(0)[0].value_or(""), ", or other values"));
}

absl::StatusOr<CopiedTable> CopyTable(Connection& source, Connection& target,
                                      const TenantTable& table, const Uuid& id,
                                      const TellCopied& tell) {
  const std::string out =
      absl::StrCat("COPY (", table.SelectMoving(id), ") TO STDOUT (FORMAT binary)");
  const std::string in = absl::StrCat("COPY gatehouse.", table.name, " (", table.ColumnList(),
                                      ") FROM STDIN (FORMAT binary)");
  GH_ASSIGN_OR_RETURN(const int64_t rows, source.CopyTo(target, out, in, [&](int64_t bytes) {
    tell(table.name, -1, bytes);
  }));
  GH_RETURN_IF_ERROR(Compare(source, target, table, id));
  tell(table.name, rows, 0);
  return CopiedTable{.name = table.name, .rows = rows};
}

// Rows are gone, of one that holds them, until a slice finds none.
absl::StatusOr<int64_t> DeleteRows(Connection& connection, const std::string& leaf,
                                   const Uuid& id) {
  const std::string statement =
      absl::StrCat("WITH gone AS (DELETE FROM ", leaf, " WHERE ctid = ANY (ARRAY(SELECT ctid FROM ",
                   leaf, " WHERE tenant_id = $1::uuid LIMIT ", kRowsPerSlice,
                   ")) RETURNING 1) SELECT count(*) FROM gone");
  int64_t all = 0;
  for (;;) {
    GH_ASSIGN_OR_RETURN(const Connection::Rows rows, connection.Query(statement, {id.ToString()}));
    const int64_t gone = NumberOf(rows.at(0), 0);
    if (gone == 0) return all;
    all += gone;
  }
}

}  // namespace

std::string TenantCopyResult::RowCountsJson() const {
  std::string json = "{";
  for (const CopiedTable& table : tables) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "", base::JsonString(table.name), ":",
                    table.rows);
  }
  return json + "}";
}

absl::Status MakeDays(Connection& source, Connection& target, const Uuid& id) {
  struct Kind {
    std::string_view days;
    std::string parent;
    std::string key;
  };
  const Kind kinds[] = {{queries::kListEventDays.text, "event", "event_id"},
                        {queries::kListAttemptDays.text, "webhook_attempt", "attempt_id"}};
  for (const Kind& kind : kinds) {
    GH_ASSIGN_OR_RETURN(const Connection::Rows days, source.Query(kind.days, {id.ToString()}));
    for (const Connection::Row& day : days) {
      GH_RETURN_IF_ERROR(MakeDay(target, kind.parent, kind.key, day[0].value_or("")));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TenantCopyResult> CopyTenant(Connection& source, Connection& target,
                                            const TenantMove& move, const SealingKeys& keys,
                                            const TellCopied& tell) {
  const Uuid& id = move.tenant_id;
  GH_ASSIGN_OR_RETURN(const std::vector<TenantTable> tables, ReadTenantTables(source));
  TenantMoveStore moves(target);
  GH_ASSIGN_OR_RETURN(const std::optional<MovingTenant> before, moves.FindTenant(id.ToString()));
  GH_RETURN_IF_ERROR(BeginBoth(source, target, id));
  GH_RETURN_IF_ERROR(RequireFrozen(source, id));
  GH_RETURN_IF_ERROR(DeleteAllOf(target, tables, id));
  TenantCopyResult result;
  for (const TenantTable& table : tables) {
    GH_ASSIGN_OR_RETURN(CopiedTable copied, CopyTable(source, target, table, id, tell));
    result.tables.push_back(std::move(copied));
  }
  GH_ASSIGN_OR_RETURN(result.head, CheckLog(target, id));
  GH_ASSIGN_OR_RETURN(const LogHead sent, CheckLog(source, id));
  if (sent != result.head) return base::InternalError("the copy of the log ends otherwise");
  GH_ASSIGN_OR_RETURN(result.resealed, ResealTenant(target, id, keys));
  if (before) {
    GH_RETURN_IF_ERROR(
        target.Query(queries::kRaiseVersion.text, {id.ToString(), absl::StrCat(before->version)})
            .status());
  }
  TenantMove arrived = move;
  arrived.row_counts_json = result.RowCountsJson();
  GH_RETURN_IF_ERROR(moves.Put(arrived));
  GH_RETURN_IF_ERROR(Run(source, "COMMIT"));
  GH_RETURN_IF_ERROR(Run(target, "COMMIT"));
  return result;
}

absl::StatusOr<LogHead> CheckLog(Connection& connection, const Uuid& id) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                      connection.Query(queries::kCheckLog.text, {id.ToString()}));
  const Connection::Row& row = rows.at(0);
  const LogHead head{
      .size = NumberOf(row, 0), .first_index = NumberOf(row, 1), .leaf_hash = row[6].value_or("")};
  const int64_t count = NumberOf(row, 2);
  const bool dense =
      count == head.size - head.first_index + 1 &&
      (count == 0 || (NumberOf(row, 3) == head.first_index && NumberOf(row, 4) == head.size));
  if (!dense) {
    return base::InternalError(absl::StrCat("the log has gaps: ", count, " entries from ",
                                            head.first_index, " to ", head.size));
  }
  if (const int64_t others = NumberOf(row, 5); others > 0) {
    return base::InternalError(
        absl::StrCat(others, " entries of the log have another hash than their event, or none"));
  }
  return head;
}

absl::Status DeleteMovedRows(Connection& connection, const Uuid& id, const TellCopied& tell) {
  GH_ASSIGN_OR_RETURN(const std::vector<TenantTable> tables, ReadTenantTables(connection));
  for (const TenantTable& table : std::views::reverse(tables)) {
    if (std::ranges::find(kSignposts, table.name) != std::end(kSignposts)) continue;
    GH_ASSIGN_OR_RETURN(const Connection::Rows leaves,
                        connection.Query(queries::kListLeaves.text, {table.name}));
    int64_t rows = 0;
    for (const Connection::Row& leaf : leaves) {
      GH_ASSIGN_OR_RETURN(const int64_t gone, DeleteRows(connection, leaf[0].value_or(""), id));
      rows += gone;
    }
    tell(table.name, rows, 0);
  }
  return absl::OkStatus();
}

absl::Status DeleteCopy(Connection& target, const TenantMove& move) {
  GH_ASSIGN_OR_RETURN(const std::vector<TenantTable> tables, ReadTenantTables(target));
  GH_RETURN_IF_ERROR(Run(target, "BEGIN"));
  GH_RETURN_IF_ERROR(DeleteAllOf(target, tables, move.tenant_id));
  GH_RETURN_IF_ERROR(TenantMoveStore(target).Forget(move));
  return Run(target, "COMMIT");
}

}  // namespace gatehouse::storage
