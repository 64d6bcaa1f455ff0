#ifndef GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_MOVE_H_
#define GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_MOVE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "storage/tenant/tenant.h"

namespace gatehouse::storage {

// How far the move of a tenant is. Column tenant_move.step; in the source all of them, in the
// target kCopied and kDone.
enum class TenantMoveStep : int16_t {
  // The tenant takes no calls at the source; what had begun may still end.
  kFrozen = 1,
  // Nothing of it changes any more.
  kFenced = 2,
  // All of it is in the target, committed, where it takes no calls yet.
  kCopied = 3,
  // The source says where it went.
  kMoved = 4,
  // It takes calls at the target.
  kDone = 5,
  // Its rows are gone from the source.
  kDeleted = 6,
};

// "frozen" and the like.
inline std::string_view NameOf(TenantMoveStep step) {
  switch (step) {
    case TenantMoveStep::kFrozen:
      return "frozen";
    case TenantMoveStep::kFenced:
      return "fenced";
    case TenantMoveStep::kCopied:
      return "copied";
    case TenantMoveStep::kMoved:
      return "moved";
    case TenantMoveStep::kDone:
      return "done";
    case TenantMoveStep::kDeleted:
      return "deleted";
  }
  return "";
}

// A row of gatehouse.tenant_move: one for each tenant and database, of the move that was the last.
struct TenantMove {
  base::Uuid tenant_id;
  base::Uuid move_id;
  bool is_source = true;
  // Which database the other one is.
  std::string peer;
  std::string destination;
  // Whether the tenant took calls before.
  bool was_active = true;
  TenantMoveStep step = TenantMoveStep::kFrozen;
  // A JSON object: rows by table, once they were copied.
  std::string row_counts_json = "{}";
  // RFC 3339, as read.
  std::string start_time = {};
  std::string update_time = {};
  // Since update_time, by the database's clock, as read.
  int64_t age_s = 0;
};

// A tenant as a move looks at it.
struct MovingTenant {
  base::Uuid id;
  std::string name;
  TenantState state = TenantState::kActive;
  int64_t version = 1;
  // An array as Postgres writes it.
  std::string hosts = "{}";
};

// What servers are still at for a tenant.
struct BusyServers {
  int64_t endpoints = 0;
  int64_t mails = 0;
};

// A table as it was copied.
struct CopiedTable {
  std::string name;
  int64_t rows = 0;
};

// The end of a tenant's log.
struct LogHead {
  int64_t size = 0;
  int64_t first_index = 1;
  // Of the last entry, in hexadecimal digits; empty if there is none.
  std::string leaf_hash;

  friend bool operator==(const LogHead&, const LogHead&) = default;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_TENANT_MOVE_TENANT_MOVE_H_
