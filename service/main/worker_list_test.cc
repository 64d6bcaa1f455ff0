#include "service/main/worker_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/worker.h"

namespace gatehouse::service {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

// Writes down what it is told.
class FakeWorker final : public base::Worker {
 public:
  FakeWorker(std::string name, std::vector<std::string>& told)
      : name_(std::move(name)), told_(told) {}

  void Start() override { told_.push_back("start " + name_); }
  void Stop(milliseconds grace) override {
    told_.push_back("stop " + name_);
    grace_ = grace;
  }

  milliseconds grace() const { return grace_; }

 private:
  const std::string name_;
  std::vector<std::string>& told_;
  milliseconds grace_{-1};
};

class WorkerListTest : public testing::Test {
 protected:
  std::vector<std::string> told_;
  FakeWorker writer_{"writer", told_};
  FakeWorker reader_{"reader", told_};
};

TEST_F(WorkerListTest, StopsInReverseOfTheStart) {
  WorkerList list({{"writer", writer_}, {"reader", reader_}});
  EXPECT_THAT(told_, IsEmpty());
  list.Start();
  EXPECT_THAT(told_, ElementsAre("start writer", "start reader"));
  list.Stop(milliseconds(0));
  EXPECT_THAT(told_, ElementsAre("start writer", "start reader", "stop reader", "stop writer"));
}

TEST_F(WorkerListTest, StopsOnceAndAtTheLatestAtItsEnd) {
  {
    WorkerList list({{"writer", writer_}});
    list.Start();
    list.Stop(milliseconds(0));
    list.Stop(milliseconds(0));
  }
  EXPECT_THAT(told_, ElementsAre("start writer", "stop writer"));
  told_.clear();
  {
    WorkerList list({{"writer", writer_}});
    list.Start();
  }
  EXPECT_THAT(told_, ElementsAre("start writer", "stop writer"));
}

TEST_F(WorkerListTest, StopsNothingThatWasNotStarted) {
  {
    WorkerList list({{"writer", writer_}});
    list.Stop(milliseconds(0));
  }
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(WorkerListTest, SharesTheGraceAmongAll) {
  WorkerList list({{"writer", writer_}, {"reader", reader_}});
  list.Start();
  list.Stop(std::chrono::hours(1));
  EXPECT_GT(reader_.grace(), std::chrono::minutes(59));
  EXPECT_LE(reader_.grace(), std::chrono::hours(1));
  EXPECT_LE(writer_.grace(), reader_.grace());
}

}  // namespace
}  // namespace gatehouse::service
