#ifndef GATEHOUSE_MIGRATIONS_DRIFT_H_
#define GATEHOUSE_MIGRATIONS_DRIFT_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "migrations/migration.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::migrations {

// One thing of a schema: a table, a column of it, a constraint, an index, a function ...
struct CatalogEntry {
  std::string object;      // "event", "require(ok boolean, reason text)".
  std::string kind;        // "relation", "column tenant_id", "index event_xid", "function" ...
  std::string definition;  // By Postgres' own deparser.
  bool of_partition;

  friend bool operator==(const CatalogEntry&, const CatalogEntry&) = default;
};

// Everything in the schema `gatehouse`; see queries/dump_catalog.sql for what is left out.
absl::StatusOr<std::vector<CatalogEntry>> DumpCatalog(
    storage::postgres::admin::Connection& connection);

// The same of a temporary database, made on the server of `dsn`, with `migrations` applied. The
// database is dropped before this returns. `password_file` as in MigratorOptions.
absl::StatusOr<std::vector<CatalogEntry>> DumpFreshCatalog(const std::string& dsn,
                                                           const std::string& password_file,
                                                           std::span<const Migration> migrations);

// What is missing, unexpected or different in `live`, one line each. Partitions that only `live`
// has are expected: the server makes one for each day.
std::vector<std::string> CompareCatalogs(const std::vector<CatalogEntry>& fresh,
                                         const std::vector<CatalogEntry>& live);

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_DRIFT_H_
