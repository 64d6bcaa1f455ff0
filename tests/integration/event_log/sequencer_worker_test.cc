#include "service/event_log/sequencer_worker.h"

#include <memory>

#include "absl/status/status.h"
#include "base/reason.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

class SequencerWorkerTest : public EventLogFixture {
 protected:
  void SetUp() override {
    EventLogFixture::SetUp();
    worker_ = std::make_unique<service::SequencerWorker>(runner_.loop(), storage_->sequencer,
                                                         *storage_->signal, storage_->feed);
  }

  absl::Status Step() {
    return runner_
        .Run<absl::StatusOr<storage::SequencerPass>>([this] { return worker_->RunOnce(); })
        .status();
  }

  std::unique_ptr<service::SequencerWorker> worker_;
};

TEST_F(SequencerWorkerTest, CountsWhatItOrders) {
  const service::SequencerStats before = worker_->stats();
  EXPECT_FALSE(before.leads);
  Writer writer(dsn_);
  writer.Insert("a", 3);
  ASSERT_THAT(Step(), IsOk());
  writer.Insert("b");
  ASSERT_THAT(Step(), IsOk());
  const service::SequencerStats after = worker_->stats();
  EXPECT_TRUE(after.leads);
  EXPECT_EQ(after.ordered, 4u);
  EXPECT_EQ(after.failed_passes, 0u);
  EXPECT_GT(after.last_pass, before.last_pass);
}

TEST_F(SequencerWorkerTest, TellsThatTheLogIsHaltedUntilItIsReset) {
  Writer writer(dsn_);
  writer.Execute("UPDATE gatehouse.sequencer SET snapshot = '5000000100:5000000100:'");
  const base::SteadyTime before = worker_->stats().last_pass;
  EXPECT_THAT(Step(),
              FailsWith(absl::StatusCode::kFailedPrecondition, base::Reason::kLogRolledBack));
  EXPECT_TRUE(worker_->stats().halted);
  EXPECT_EQ(worker_->stats().failed_passes, 1u);
  EXPECT_EQ(worker_->stats().last_pass, before);

  const auto reset = runner_.Run<absl::StatusOr<int64_t>>(
      [this] { return storage_->sequencer.Reset(runner_.Context()); });
  ASSERT_THAT(reset, IsOk());
  ASSERT_THAT(Step(), IsOk());
  EXPECT_FALSE(worker_->stats().halted);
  EXPECT_TRUE(worker_->stats().leads);
}

}  // namespace
}  // namespace gatehouse::tests
