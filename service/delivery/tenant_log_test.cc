#include "service/delivery/tenant_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/log_feed.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Time kNow = base::TimeFromMicros(1'800'000'000'000'000);

// Each recorded so long after kNow, one after the other behind what is matched.
void Match(TenantLog& log, const std::vector<base::Duration>& times) {
  std::vector<storage::LogEntry> entries;
  int64_t index = log.matched();
  for (const base::Duration& time : times) {
    entries.push_back(
        {.index = ++index, .event_id = base::Uuid::MakeV7(kNow + time), .type = "order.paid"});
  }
  log.MatchEntries(entries, {});
}

TEST(TenantLogTest, KnowsAboutWhenAnEventWasRecorded) {
  TenantLog log(base::kDefaultTenantId, 10);
  EXPECT_EQ(log.RecordedAt(11), std::nullopt);
  Match(log, {milliseconds(0), milliseconds(3), milliseconds(5)});
  EXPECT_EQ(log.RecordedAt(11), kNow);
  // To within some milliseconds, rather too early.
  EXPECT_EQ(log.RecordedAt(12), kNow);
  EXPECT_EQ(log.RecordedAt(13), kNow + milliseconds(5));
  Match(log, {hours(1), hours(1) + milliseconds(4)});
  EXPECT_EQ(log.RecordedAt(14), kNow + hours(1));
  EXPECT_EQ(log.RecordedAt(15), kNow + hours(1));
}

TEST(TenantLogTest, OfOneLongAgoItKnowsThatItIsOld) {
  TenantLog log(base::kDefaultTenantId, 0);
  Match(log, {seconds(0), seconds(1), seconds(2)});
  EXPECT_EQ(log.RecordedAt(2), kNow + seconds(1));
  Match(log, {seconds(11), seconds(12) + milliseconds(500)});
  // The latest one that is so old that nothing before it is kept.
  for (const int64_t index : {1, 2, 3}) EXPECT_EQ(log.RecordedAt(index), kNow + seconds(2));
  EXPECT_EQ(log.RecordedAt(4), kNow + seconds(11));
}

TEST(TenantLogTest, AClockThatIsSetBackLeavesTimesAscending) {
  TenantLog log(base::kDefaultTenantId, 0);
  Match(log, {seconds(5), seconds(1), seconds(6)});
  EXPECT_EQ(log.RecordedAt(2), kNow + seconds(5));
  EXPECT_EQ(log.RecordedAt(3), kNow + seconds(6));
}

}  // namespace
}  // namespace gatehouse::service::delivery
