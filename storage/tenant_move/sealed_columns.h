#ifndef GATEHOUSE_STORAGE_TENANT_MOVE_SEALED_COLUMNS_H_
#define GATEHOUSE_STORAGE_TENANT_MOVE_SEALED_COLUMNS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "storage/sealing_keys.h"

namespace gatehouse::storage {

namespace postgres::admin {
class Connection;
}

// A column whose values are sealed under the master key.
struct SealedColumn {
  const char* table;
  const char* column;
  // With the tenant the key of the table, and its type.
  const char* id;
  const char* id_type;
  // Of several values in each row.
  bool is_array;
  // For what its key is derived from the master key; empty: it is that itself.
  std::string_view key_info;
  // What a value is bound to.
  std::string (*context)(const base::Uuid& tenant_id, std::string_view id);
};

// All there are; a test compares with the catalogue.
std::span<const SealedColumn> SealedColumns();

// Has all that is sealed for a tenant be sealed under the first of `keys`, in the transaction that
// `connection` is in: nobody ever sees it otherwise. Returns how many values were not. INTERNAL,
// with which, if one opens under neither.
absl::StatusOr<int64_t> ResealTenant(postgres::admin::Connection& connection,
                                     const base::Uuid& tenant_id, const SealingKeys& keys);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_TENANT_MOVE_SEALED_COLUMNS_H_
