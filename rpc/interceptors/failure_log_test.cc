#include "rpc/interceptors/failure_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/log_line.h"
#include "base/status.h"
#include "base/time.h"
#include "rpc/chain/fake_server_call.h"
#include "rpc/interceptors/access_log_interceptor.h"

namespace gatehouse::rpc {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const FailureLog::Kind kDenied{.method = "/s.S/M", .code = "PERMISSION_DENIED"};
const FailureLog::Kind kLimited{.method = "/s.S/M", .code = "RESOURCE_EXHAUSTED"};

FailureLog::Caller Address(const std::string& address) { return {.key = address, .peer = address}; }

class FailureLogTest : public ::testing::Test {
 protected:
  int Lines(FailureLog& log, const FailureLog::Caller& caller, const FailureLog::Kind& kind,
            int calls) const {
    int lines = 0;
    for (int i = 0; i < calls; ++i) lines += log.Take(caller, kind, now_) ? 1 : 0;
    return lines;
  }

  base::SteadyTime now_ = std::chrono::steady_clock::now();
};

TEST_F(FailureLogTest, CountsWhatACallerGetsNoLineFor) {
  FailureLog log({.per_caller = {.rate = 1, .burst = 5}});
  EXPECT_EQ(Lines(log, Address("192.0.2.1"), kDenied, 1000), 5);
  EXPECT_EQ(Lines(log, Address("192.0.2.1"), kLimited, 10), 0);
  // Others have theirs.
  EXPECT_EQ(Lines(log, Address("192.0.2.2"), kDenied, 5), 5);
  EXPECT_TRUE(log.has_counts());
  EXPECT_THAT(log.Collect(now_ + seconds(9)), IsEmpty());
  const std::vector<FailureLog::Count> counts = log.Collect(now_ + seconds(10));
  ASSERT_THAT(counts, SizeIs(2));
  EXPECT_EQ(counts[0].caller.peer, "192.0.2.1");
  EXPECT_EQ(counts[0].kind, kDenied);
  EXPECT_EQ(counts[0].calls, 995u);
  EXPECT_EQ(counts[1].kind, kLimited);
  EXPECT_EQ(counts[1].calls, 10u);
  EXPECT_FALSE(log.has_counts());
  now_ += seconds(10);
  EXPECT_EQ(Lines(log, Address("192.0.2.1"), kDenied, 10), 5);
}

TEST_F(FailureLogTest, ManyCallersHaveNoMoreLinesThanAllMay) {
  FailureLog log({.per_caller = {.rate = 1, .burst = 5}, .in_all = {.rate = 1, .burst = 20}});
  int lines = 0;
  for (int i = 0; i < 100; ++i) lines += Lines(log, Address(std::to_string(i)), kDenied, 1);
  EXPECT_EQ(lines, 20);
  EXPECT_THAT(log.Collect(now_, /*all=*/true), SizeIs(80));
}

TEST_F(FailureLogTest, CallersBeyondThoseThatAreToldApartAreCountedTogether) {
  FailureLog log({.per_caller = {.rate = 1, .burst = 1}, .callers = 2});
  for (int i = 0; i < 10; ++i) Lines(log, Address(std::to_string(i)), kDenied, 3);
  uint64_t calls = 0;
  bool of_nobody = false;
  const std::vector<FailureLog::Count> counts = log.Collect(now_, /*all=*/true);
  EXPECT_THAT(counts, SizeIs(3));
  for (const FailureLog::Count& count : counts) {
    calls += count.calls;
    of_nobody |= count.caller.peer.empty();
  }
  // Each of the two and the others together have one line.
  EXPECT_EQ(calls, 27u);
  EXPECT_TRUE(of_nobody);
  // Those whose calls fail no more make room for others.
  now_ += seconds(60);
  EXPECT_EQ(Lines(log, Address("new"), kDenied, 2), 1);
  EXPECT_EQ(log.Collect(now_, /*all=*/true)[0].caller.peer, "new");
}

TEST_F(FailureLogTest, WithoutALimitEveryCallHasItsLine) {
  FailureLog log({.per_caller = {}});
  EXPECT_EQ(Lines(log, Address("192.0.2.1"), kDenied, 10'000), 10'000);
}

TEST_F(FailureLogTest, TheAccessLogSaysInTheEndWhatWasOnlyCounted) {
  std::vector<std::string> lines;
  const base::ScopedLogCapture capture([&](const std::string& line) { lines.push_back(line); });
  base::Loop loop("test");
  FakeServerCall call(loop, {.name = "/s.S/M"});
  {
    AccessLogInterceptor interceptor({.per_caller = {.rate = 0.001, .burst = 1}});
    for (int i = 0; i < 100; ++i) {
      absl::Status error = base::InvalidField("f", "wrong");
      interceptor.After(call, error);
    }
    EXPECT_THAT(lines, SizeIs(1));
    lines.clear();
  }
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("\"calls\":99"),
                                       HasSubstr("\"reason\":\"INVALID_FIELD\""))));
}

}  // namespace
}  // namespace gatehouse::rpc
