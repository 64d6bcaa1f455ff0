#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_TRANSACTION_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_TRANSACTION_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/params.h"
#include "storage/postgres/client/query.h"
#include "storage/postgres/client/row.h"

namespace gatehouse::storage::postgres {

// An interactive transaction on a connection of its own, from Database::Begin.
// Prefer a Batch, which costs one round trip and holds no connection.
//
// Its statements end by the deadline and cancellation of the context given to
// Begin; after any error only Rollback (or dropping it) is of use. Dropping it
// before Commit rolls back in the background.
//
// Thread: the loop of that context. Must not outlive the Database.
class Transaction {
 public:
  class Lease;

  explicit Transaction(std::unique_ptr<Lease> lease);
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  base::Task<absl::StatusOr<Rows>> Query(postgres::Query query, Params params);
  base::Task<absl::StatusOr<std::vector<Rows>>> Run(Batch batch);

  // OUTCOME_UNKNOWN when the answer does not come in time: a COMMIT once sent
  // is never cancelled.
  base::Task<absl::Status> Commit();
  base::Task<absl::Status> Rollback();

 private:
  std::unique_ptr<Lease> lease_;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_TRANSACTION_H_
