#ifndef GATEHOUSE_STORAGE_ALERT_ALERT_STORE_H_
#define GATEHOUSE_STORAGE_ALERT_ALERT_STORE_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/alert/alert.h"
#include "storage/change.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// What somebody should look at. Most of it is written by others, with what it is about
// (alert_batch.h).
//
// Stateless; every loop of `database`, which outlives it.
class AlertStore {
 public:
  explicit AlertStore(postgres::Database& database) : database_(database) {}

  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<Alert>>> Get(base::CallContext ctx, base::Uuid tenant_id,
                                                       base::Uuid id);

  struct Query {
    base::Uuid tenant_id;
    std::optional<AlertState> state = std::nullopt;
    // Only those that are not resolved.
    bool unresolved = false;
    std::optional<AlertKind> kind = std::nullopt;
    // Nil: any. Not with `unresolved`.
    base::Uuid endpoint_id = {};
    // Also those of the server itself.
    bool with_server = false;
    // The time and id of the alert after which to go on.
    std::optional<std::pair<base::Time, base::Uuid>> before = std::nullopt;
    int64_t limit = 0;
  };
  // Newest first by first_occurred_time, then by id.
  base::Task<absl::StatusOr<std::vector<Alert>>> List(base::CallContext ctx, Query query);

  // OPEN becomes ACKNOWLEDGED by alert.acknowledged. ABORTED, ETAG_MISMATCH if its version is not
  // alert.version any more.
  base::Task<absl::Status> Acknowledge(base::CallContext ctx, Alert alert, Change change);
  // The same of RESOLVED, alert.resolved and alert.resolution.
  base::Task<absl::Status> Resolve(base::CallContext ctx, Alert alert, Change change);

  // Makes alerts of what somebody noticed who changes nothing else.
  base::Task<absl::Status> Signal(base::CallContext ctx, std::vector<AlertSignal> signals);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ALERT_ALERT_STORE_H_
