#include "storage/tenant_move/tenant_tables.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "storage/postgres/admin/connection.h"
#include "storage/tenant_move/queries/tenant_move_queries.h"

namespace gatehouse::storage {

using base::Uuid;
using postgres::admin::Connection;
namespace queries = tenant_move::queries;

namespace {

// What has happened of a move stands in both databases, each with its own side of it.
constexpr char kOwnTable[] = "tenant_move";

constexpr ReplacedColumn kReplaced[] = {
    // Transaction ids belong to a database cluster. All events of the tenant have their place in
    // the
    // log: those of transactions before the first one are none of the sequencer's business.
    {"event", "xid", "'0'::xid8"},
    // Whoever sends is a server of the target.
    {"endpoint_delivery", "owner", "NULL::uuid"},
    {"endpoint_delivery", "lease_until", "NULL::timestamptz"},
    // What deliverers of the source have not looked through yet each endpoint does by itself, from
    // where it is: those of the target may read the log before they know the endpoints.
    {"endpoint_delivery", "created_event_id", "NULL::uuid"},
    {"endpoint_delivery", "behind", "true"},
    {"endpoint_delivery", "position",
     "CASE WHEN t.created_event_id IS NOT NULL THEN coalesce("
     "(SELECT o.index FROM gatehouse.event_order o"
     " WHERE o.tenant_id = t.tenant_id AND o.event_id = t.created_event_id), t.position)"
     " WHEN t.behind THEN t.position"
     " ELSE greatest(t.position, (SELECT f.position FROM gatehouse.webhook_fanout f"
     " WHERE f.tenant_id = t.tenant_id)) END"},
    {"webhook_fanout", "position",
     "greatest(t.position, (SELECT h.size FROM gatehouse.event_log_head h"
     " WHERE h.tenant_id = t.tenant_id))"},
    {"mail", "lease_until", "NULL::timestamptz"},
};

// Rows that do not go along: events that retention took out of the log, whose day's table is still
// there.
constexpr char kEventsOfTheLog[] =
    " AND EXISTS (SELECT FROM gatehouse.event_order o"
    " WHERE o.tenant_id = t.tenant_id AND o.event_id = t.event_id)";

// Column names of ours need no quotes but where they are words of SQL.
std::string Quoted(const std::string& column) { return absl::StrCat("\"", column, "\""); }

std::string ExpressionOf(const std::string& table, const std::string& column) {
  for (const ReplacedColumn& replaced : kReplaced) {
    if (table == replaced.table && column == replaced.column) return replaced.expression;
  }
  return absl::StrCat("t.", Quoted(column));
}

}  // namespace

std::span<const ReplacedColumn> ReplacedColumns() { return kReplaced; }

std::string TenantTable::ColumnList() const {
  return absl::StrJoin(columns, ", ", [](std::string* out, const std::string& column) {
    absl::StrAppend(out, Quoted(column));
  });
}

std::string TenantTable::SelectMoving(const Uuid& tenant_id) const {
  const std::string expressions =
      absl::StrJoin(columns, ", ", [this](std::string* out, const std::string& column) {
        absl::StrAppend(out, ExpressionOf(name, column), " AS ", Quoted(column));
      });
  return absl::StrCat("SELECT ", expressions, " FROM gatehouse.", name, " t WHERE t.tenant_id = '",
                      tenant_id.ToString(), "'", name == "event" ? kEventsOfTheLog : "");
}

std::string TenantTable::SelectAll(const Uuid& tenant_id) const {
  return absl::StrCat("SELECT ", ColumnList(), " FROM gatehouse.", name, " WHERE tenant_id = '",
                      tenant_id.ToString(), "'");
}

std::string TenantTable::SelectDigest(const std::string& select) {
  return absl::StrCat(
      "SELECT count(*), coalesce(sum(hashtextextended(r::text, 0)::numeric), 0) FROM (", select,
      ") AS r");
}

absl::StatusOr<std::vector<TenantTable>> ReadTenantTables(Connection& connection) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows, connection.Query(queries::kListTables.text, {}));
  std::vector<TenantTable> tables;
  for (const Connection::Row& row : rows) {
    if (row[0] == kOwnTable) continue;
    tables.push_back(
        {.name = row[0].value_or(""), .columns = absl::StrSplit(row[1].value_or(""), ',')});
  }
  return tables;
}

}  // namespace gatehouse::storage
