#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_TRANSACTION_LEASE_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_TRANSACTION_LEASE_H_

#include <memory>
#include <utility>

#include "base/call_context.h"
#include "storage/postgres/client/lanes/exclusive_pool.h"
#include "storage/postgres/client/transaction.h"

namespace gatehouse::storage::postgres {

// The connection of a transaction; its end gives it back, rolled back.
class Transaction::Lease {
 public:
  Lease(std::shared_ptr<ExclusivePool> pool, base::CallContext ctx, ExclusivePool::Loan loan)
      : pool_(std::move(pool)), ctx_(std::move(ctx)), loan_(std::move(loan)) {}
  ~Lease() { pool_->Release(loan_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  base::Task<SegmentResult> Run(SegmentPtr segment) const {
    return ExclusivePool::Run(pool_, ctx_, loan_, std::move(segment));
  }

 private:
  std::shared_ptr<ExclusivePool> pool_;
  base::CallContext ctx_;
  ExclusivePool::Loan loan_;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_TRANSACTION_LEASE_H_
