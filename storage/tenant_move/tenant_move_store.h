#ifndef GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_MOVE_STORE_H_
#define GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_MOVE_STORE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "storage/tenant_move/tenant_move.h"

namespace gatehouse::storage {

namespace postgres::admin {
class Connection;
}

// What is known in one database of the move of a tenant, and what keeps its rows still. For the
// command that moves one, which runs as the owner of the schema: everything blocks.
//
// Thread: that of its connection, which outlives it.
class TenantMoveStore {
 public:
  explicit TenantMoveStore(postgres::admin::Connection& connection) : connection_(connection) {}

  // FAILED_PRECONDITION if the role is not that of the owner of the schema, nor one of its members.
  absl::Status RequireOwner();

  // No other command moves the tenant while the connection lasts. ABORTED, CONFLICT if one does.
  // That of a command that was killed goes with its connection, for which this waits some seconds.
  absl::Status Lock(const base::Uuid& tenant_id);

  // nullopt if there is none.
  absl::StatusOr<std::optional<MovingTenant>> FindTenant(std::string_view id_or_name);
  absl::StatusOr<std::optional<TenantMove>> Get(const base::Uuid& tenant_id);

  // ALREADY_EXISTS, TENANT_TAKEN if another tenant has the name or a host name of this one;
  // RESOURCE_EXHAUSTED, LIMIT_REACHED if there are as many tenants as may be.
  absl::Status RequireRoom(const MovingTenant& tenant);

  // In the place of what there is about an earlier move.
  absl::Status Put(const TenantMove& move);
  // Changes nothing where that step was taken already. `row_counts_json`: empty for those there
  // are.
  absl::Status Advance(const TenantMove& move, TenantMoveStep step,
                       const std::string& row_counts_json = "");
  absl::Status Forget(const TenantMove& move);

  // The leases of the tenant's endpoints and mails that have not run out.
  absl::StatusOr<BusyServers> CountBusy(const base::Uuid& tenant_id);
  // Before another look.
  absl::Status Pause(std::chrono::milliseconds time);
  // Events that the sequencer has to give their place yet.
  absl::StatusOr<int64_t> CountUnordered(const base::Uuid& tenant_id);

  // From now on no event of the tenant is taken, and what it has is committed; the move is at
  // kFenced. FAILED_PRECONDITION if somebody has made it take calls again; UNAVAILABLE if the log
  // is not to be had for a moment: others write for too long.
  absl::Status Fence(const TenantMove& move);
  absl::Status Unfence(const base::Uuid& tenant_id);

 private:
  // Runs `statement` about the tenant until its lock is to be had.
  absl::Status RunWithLock(std::string_view statement, const base::Uuid& tenant_id);
  absl::Status TryFence(const TenantMove& move);

  postgres::admin::Connection& connection_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_MOVE_STORE_H_
