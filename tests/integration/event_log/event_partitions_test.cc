#include "storage/event_partitions.h"

#include <chrono>
#include <memory>
#include <string>

#include "base/manual_clock.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/workers/log/partition_worker.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using std::chrono::days;

// 2026-11-21T23:59:59.5Z
constexpr base::Time kLate = base::TimeFromMicros(1'795'305'599'500'000);

class EventPartitionsTest : public EventLogFixture {
 protected:
  void SetUp() override {
    EventLogFixture::SetUp();
    partitions_ = std::make_unique<storage::EventPartitions>(*database_);
  }

  int CreateAhead(base::Time now, int days_ahead) {
    const auto created = runner_.Run<absl::StatusOr<int>>(
        [&] { return partitions_->CreateAhead(runner_.Context(), now, days_ahead); });
    EXPECT_THAT(created, IsOk());
    return created.value_or(-1);
  }

  // "table:events ..." of the partitions that have some.
  std::string Where() {
    return Ask(
        "SELECT string_agg(t || ':' || n, ' ' ORDER BY t) FROM (SELECT tableoid::regclass::text "
        "AS t, count(*) AS n FROM gatehouse.event GROUP BY 1) s");
  }

  std::unique_ptr<storage::EventPartitions> partitions_;
};

TEST_F(EventPartitionsTest, EventsGoToTheDayOfTheirId) {
  EXPECT_EQ(CreateAhead(kLate, 1), 2);
  Writer writer(dsn_);
  writer.InsertWithId("a", base::Uuid::MakeV7(kLate));
  writer.InsertWithId("b", base::Uuid::MakeV7(kLate + std::chrono::seconds(1)));
  writer.InsertWithId("c", base::Uuid::MakeV7(kLate - days(1)));
  EXPECT_EQ(Where(), "event_20261121:1 event_20261122:1 event_default:1");
  EXPECT_EQ(PassAll(), 3);
  EXPECT_EQ(Order(), "a b c");
}

TEST_F(EventPartitionsTest, SecondRunCreatesOnlyWhatIsMissing) {
  EXPECT_EQ(CreateAhead(kLate, 3), 4);
  EXPECT_EQ(CreateAhead(kLate, 3), 0);
  EXPECT_EQ(CreateAhead(kLate + days(1), 3), 1);
}

TEST_F(EventPartitionsTest, LateRunMovesWhatTheDefaultPartitionTook) {
  Writer writer(dsn_), open(dsn_);
  for (int i = 0; i < 5; ++i) writer.InsertWithId("a", base::Uuid::MakeV7(kLate));
  PassAll();
  for (int i = 0; i < 5; ++i) writer.InsertWithId("b", base::Uuid::MakeV7(kLate));
  EXPECT_EQ(Where(), "event_default:10");
  EXPECT_EQ(CreateAhead(kLate, 0), 1);
  EXPECT_EQ(Where(), "event_20261121:10");
  // The move is not a change to the sequencer.
  EXPECT_EQ(PassAll(), 5);
  EXPECT_EQ(Order(), "a a a a a b b b b b");
  ExpectDense();
}

TEST_F(EventPartitionsTest, WorkerKeepsThreeDaysAhead) {
  base::ManualClock clock(kLate);
  service::PartitionWorker worker(runner_.loop(), *partitions_, clock);
  const auto run = [&] {
    return runner_.Run<absl::StatusOr<int>>([&] { return worker.RunOnce(); }).value_or(-1);
  };
  EXPECT_EQ(run(), 4);
  clock.Advance(std::chrono::hours(23));
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(run(), 0);
}

}  // namespace
}  // namespace gatehouse::tests
