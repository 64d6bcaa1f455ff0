#include "storage/postgres/client/transaction.h"

#include <utility>

#include "base/status.h"
#include "storage/postgres/client/lanes/segment.h"
#include "storage/postgres/client/lanes/transaction_lease.h"

namespace gatehouse::storage::postgres {
namespace {

constexpr Query kCommit{"", "COMMIT"};
constexpr Query kRollback{"", "ROLLBACK"};

absl::Status Ended() { return base::InternalError("the transaction has ended"); }

SegmentPtr MakeSegment(Query query, Params params = {}) {
  Batch batch;
  batch.Add(query, std::move(params));
  return std::make_shared<Segment>(std::move(batch));
}

}  // namespace

Transaction::Transaction(std::unique_ptr<Lease> lease) : lease_(std::move(lease)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

base::Task<absl::StatusOr<Rows>> Transaction::Query(postgres::Query query, Params params) {
  if (lease_ == nullptr) co_return Ended();
  SegmentResult result = co_await lease_->Run(MakeSegment(query, std::move(params)));
  if (!result.ok()) co_return result.status();
  co_return std::move(result->front());
}

base::Task<absl::StatusOr<std::vector<Rows>>> Transaction::Run(Batch batch) {
  if (lease_ == nullptr) co_return Ended();
  if (batch.empty()) co_return std::vector<Rows>();
  SegmentResult result = co_await lease_->Run(std::make_shared<Segment>(std::move(batch)));
  co_return result;
}

base::Task<absl::Status> Transaction::Commit() {
  if (lease_ == nullptr) co_return Ended();
  const std::unique_ptr<Lease> lease = std::move(lease_);
  SegmentPtr segment = MakeSegment(kCommit);
  segment->is_commit = true;
  const SegmentResult result = co_await lease->Run(std::move(segment));
  if (!result.ok()) co_return result.status();
  // COMMIT of a transaction in which a statement failed is a ROLLBACK, and
  // Postgres says so only in its command tag.
  if (result->front().command() != "COMMIT") {
    co_return base::InternalError("COMMIT after an error in the transaction");
  }
  co_return absl::OkStatus();
}

base::Task<absl::Status> Transaction::Rollback() {
  if (lease_ == nullptr) co_return Ended();
  const std::unique_ptr<Lease> lease = std::move(lease_);
  const SegmentResult result = co_await lease->Run(MakeSegment(kRollback));
  co_return result.status();
}

}  // namespace gatehouse::storage::postgres
