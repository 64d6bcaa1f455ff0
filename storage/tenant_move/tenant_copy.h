#ifndef GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_COPY_H_
#define GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_COPY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "storage/sealing_keys.h"
#include "storage/tenant_move/tenant_move.h"
#include "storage/tenant_move/tenant_tables.h"

namespace gatehouse::storage {

namespace postgres::admin {
class Connection;
}

// What came of a copy.
struct TenantCopyResult {
  std::vector<CopiedTable> tables;
  LogHead head;
  // Values that were sealed under the master key of the source.
  int64_t resealed = 0;

  // Rows by table, as JSON.
  std::string RowCountsJson() const;
};

// Told of each table: the rows of one that is done, or -1 and the bytes so far.
using TellCopied = std::function<void(const std::string& table, int64_t rows, int64_t bytes)>;

// Makes the tables of days at `target` that tenant `id` has events or attempts of at `source`, so
// that retention gets rid of them by whole tables as well. Those that are there stay.
absl::Status MakeDays(postgres::admin::Connection& source, postgres::admin::Connection& target,
                      const base::Uuid& id);

// Copies all of a fenced tenant, as of one moment, and commits it in one transaction together with
// `move`, the target's row about it: so a copy is there whole or not at all, and is known for what
// it is. Before that both sides are compared, table by table, row by row, and the log's end with
// what lies before it; and what is sealed is sealed under the first of `keys`. FAILED_PRECONDITION
// if the tenant is not frozen; INTERNAL if the sides differ.
//
// What is left of the tenant at the target from when it was there before (a row that says where it
// went) is replaced.
absl::StatusOr<TenantCopyResult> CopyTenant(postgres::admin::Connection& source,
                                            postgres::admin::Connection& target,
                                            const TenantMove& move, const SealingKeys& keys,
                                            const TellCopied& tell);

// The end of a tenant's log. INTERNAL if an index is missing before it, or an entry is not what its
// event is.
absl::StatusOr<LogHead> CheckLog(postgres::admin::Connection& connection, const base::Uuid& id);

// Deletes everything of the tenant but what says where it went: its own row and its host names.
// Some thousand rows at a time, each with a transaction of its own; may be stopped and begun anew.
absl::Status DeleteMovedRows(postgres::admin::Connection& connection, const base::Uuid& id,
                             const TellCopied& tell);

// Takes a copy back that is not to be: everything of the tenant, with the row about the move, in
// one transaction.
absl::Status DeleteCopy(postgres::admin::Connection& target, const TenantMove& move);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_COPY_H_
