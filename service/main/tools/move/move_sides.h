#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_MOVE_SIDES_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_MOVE_SIDES_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/config/secrets.h"
#include "storage/postgres/admin/connection.h"
#include "storage/tenant_move/tenant_move_store.h"

namespace gatehouse::service {

// One of the two installations that a tenant moves between.
struct MoveSide {
  config::Config config;
  config::Secrets secrets;
};

// A side with a connection to its database, as the owner of the schema.
struct OpenSide {
  MoveSide side;
  // DatabaseIdentity::database.
  std::string identity;
  std::unique_ptr<storage::postgres::admin::Connection> connection;

  storage::TenantMoveStore moves() const { return storage::TenantMoveStore(*connection); }
};

// What `serve` refuses about the database is refused here too, and a role that is not the owner's.
// `what` begins each message: "the source".
absl::StatusOr<OpenSide> OpenMoveSide(MoveSide side, const std::string& what);

// Whether what was made at `source` counts at `target`: they are two databases, tokens that were
// given out are taken, and what is sealed can be opened. FAILED_PRECONDITION; DATABASE_UNSUITABLE
// if it is one database.
absl::Status CheckPair(const OpenSide& source, const OpenSide& target);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_MOVE_SIDES_H_
