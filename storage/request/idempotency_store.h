#ifndef GATEHOUSE_STORAGE_REQUEST_IDEMPOTENCY_STORE_H_
#define GATEHOUSE_STORAGE_REQUEST_IDEMPOTENCY_STORE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// The first answer to a mutation that came with a request_id.
struct StoredAnswer {
  std::string method;
  std::string request_hash;
  std::string response;
};

// The answers that changes keep (Change::idempotency), and those of calls that changed
// nothing.
// Stateless; any thread that may use the database. Outlived by the database.
class IdempotencyStore {
 public:
  explicit IdempotencyStore(postgres::Database& database) : database_(database) {}

  // nullopt if no mutation with that request_id of that principal took effect.
  base::Task<absl::StatusOr<std::optional<StoredAnswer>>> Find(base::CallContext context,
                                                               base::Uuid tenant_id,
                                                               base::Uuid principal_id,
                                                               base::Uuid request_id);

  // Keeps the answer of a mutation that found nothing to change, and so had no batch to put
  // it into. ALREADY_EXISTS if there is one already.
  base::Task<absl::Status> Keep(base::CallContext context, Idempotency answer);

  // Deletes at most `limit` answers stored before `before`; returns how many.
  base::Task<absl::StatusOr<int64_t>> Purge(base::CallContext context, base::Uuid tenant_id,
                                            base::Time before, int64_t limit);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_REQUEST_IDEMPOTENCY_STORE_H_
