#ifndef GATEHOUSE_STORAGE_ALERT_ALERT_DESTINATION_STORE_H_
#define GATEHOUSE_STORAGE_ALERT_ALERT_DESTINATION_STORE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/alert/alert_destination.h"
#include "storage/change.h"
#include "storage/mail/mail.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Whom to tell of alerts, and what they were told. That there is something to tell is written where
// the alert changes (queries/signal.sql, queries/notice.sql), in that transaction.
//
// Stateless; every loop of `database`, which outlives it.
class AlertDestinationStore {
 public:
  explicit AlertDestinationStore(postgres::Database& database) : database_(database) {}

  // How many a tenant may have.
  static constexpr int64_t kMaxOfTenant = 50;

  // RESOURCE_EXHAUSTED, LIMIT_REACHED beyond kMaxOfTenant.
  base::Task<absl::Status> Create(base::CallContext ctx, AlertDestination destination,
                                  Change change);
  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<AlertDestination>>> Get(base::CallContext ctx,
                                                                  base::Uuid tenant_id,
                                                                  base::Uuid id);
  // All of them, by id.
  base::Task<absl::StatusOr<std::vector<AlertDestination>>> List(base::CallContext ctx,
                                                                 base::Uuid tenant_id);
  // ABORTED, ETAG_MISMATCH if its version is not destination.version any more.
  base::Task<absl::Status> Update(base::CallContext ctx, AlertDestination destination,
                                  Change change);
  // With all that it was to be told. As above.
  base::Task<absl::Status> Delete(base::CallContext ctx, AlertDestination destination,
                                  Change change);

  // What is due at `now`, of all tenants, at most `limit`.
  base::Task<absl::StatusOr<std::vector<AlertNotice>>> ListDue(base::CallContext ctx,
                                                               base::Time now, int64_t limit);
  // Writes what `notice` says it was told, with the mails that tell it; there is nothing more to
  // tell. ABORTED, CONFLICT if the alert or another instance changed it meanwhile.
  base::Task<absl::Status> Told(base::CallContext ctx, AlertNotice notice, std::vector<Mail> mails);
  // It is looked at again at notice.due_time. CONFLICT as above.
  base::Task<absl::Status> Delay(base::CallContext ctx, AlertNotice notice);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ALERT_ALERT_DESTINATION_STORE_H_
