#ifndef GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_TABLES_H_
#define GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_TABLES_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/uuid.h"

namespace gatehouse::storage {

namespace postgres::admin {
class Connection;
}

// What a column is in the target, where it does not go there as it is: the state of a server or of
// its database, which the other one has another of.
struct ReplacedColumn {
  const char* table;
  const char* column;
  // In SQL; `t` is the row.
  const char* expression;
};
std::span<const ReplacedColumn> ReplacedColumns();

// A table that has rows of tenants.
struct TenantTable {
  std::string name;
  // In one order for all databases.
  std::vector<std::string> columns;

  // "a, b", quoted.
  std::string ColumnList() const;
  // What is to be copied of a tenant: a SELECT of the columns.
  std::string SelectMoving(const base::Uuid& tenant_id) const;
  // Of what there is of a tenant: a SELECT of the number of rows, and of a sum over all that they
  // hold, which does not depend on their order.
  static std::string SelectDigest(const std::string& select);
  std::string SelectAll(const base::Uuid& tenant_id) const;
};

// By the catalogue, so that none can be forgotten; but for gatehouse.tenant_move, which each
// database has of its own. Those that others refer to come before those.
absl::StatusOr<std::vector<TenantTable>> ReadTenantTables(postgres::admin::Connection& connection);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_TABLES_H_
