#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_MOVED_TENANT_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_MOVED_TENANT_H_

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/main/tools/move/move_sides.h"
#include "service/main/tools/report.h"
#include "storage/tenant_move/tenant_copy.h"
#include "storage/tenant_move/tenant_move.h"

namespace gatehouse::service {

// NOT_FOUND, TENANT_NOT_FOUND if there is none of that id or name.
absl::StatusOr<storage::MovingTenant> FindMovingTenant(const OpenSide& side,
                                                       const std::string& id_or_name);

// Tells of each table what is being done with it: `verb`, e.g. "copy". `report` outlives it.
storage::TellCopied TellTables(Report& report, std::string verb);

// Tells how far the move of a tenant is, as one side knows it.
absl::Status TellMove(const OpenSide& side, const std::string& tenant, Report& report);

// Deletes the rows of a tenant that moved away from `source` at least `stay` ago; what says where
// it went stays. May be stopped and begun anew. FAILED_PRECONDITION if it has not, or too late.
absl::Status DeleteMovedTenant(const OpenSide& source, const std::string& tenant,
                               std::chrono::seconds stay, Report& report);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_MOVED_TENANT_H_
