#include "storage/postgres/log_listener.h"

#include <gtest/gtest.h>

#include <chrono>
#include <semaphore>
#include <string>
#include <string_view>

#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

using storage::postgres::LogListener;

// So often has something happened that nobody has waited for yet.
class Times {
 public:
  void Add() { count_.release(); }
  // Waits for one.
  bool Take() { return count_.try_acquire_for(std::chrono::seconds(20)); }
  bool None() { return !count_.try_acquire(); }

 private:
  std::counting_semaphore<> count_{0};
};

class LogListenerTest : public testing::Test {
 protected:
  LogListener::Options Options(const std::string& dsn) {
    return {.dsn = dsn,
            .instance = "this one",
            .on_ordered = [this] { ordered_.Add(); },
            .on_committed = [this] { committed_.Add(); },
            .log = [this](std::string_view) { complaints_.Add(); }};
  }
  void Notify(const std::string& channel, const std::string& instance) {
    ExecuteSql(dsn_, "NOTIFY " + channel + ", '" + instance + "'");
  }

  const std::string dsn_ = CreateMigratedDatabase();
  Times ordered_;
  Times committed_;
  Times complaints_;
};

TEST_F(LogListenerTest, CallsEachOnceWhenItIsConnected) {
  LogListener listener(Options(dsn_));
  listener.Start();
  EXPECT_TRUE(ordered_.Take());
  EXPECT_TRUE(committed_.Take());
  listener.Stop();
  EXPECT_TRUE(ordered_.None());
  EXPECT_TRUE(committed_.None());
  listener.Stop();
}

TEST_F(LogListenerTest, TellsTheTwoApartAndItselfFromOthers) {
  LogListener listener(Options(dsn_));
  listener.Start();
  ASSERT_TRUE(ordered_.Take());
  ASSERT_TRUE(committed_.Take());
  // Heard in the order in which they were committed: what comes last has all before it.
  Notify("gatehouse_log", "this one");
  Notify("gatehouse_wake", "another one");
  EXPECT_TRUE(committed_.Take());
  EXPECT_TRUE(ordered_.None());
  Notify("gatehouse_wake", "this one");
  Notify("gatehouse_log", "another one");
  EXPECT_TRUE(ordered_.Take());
  EXPECT_TRUE(committed_.None());
}

// What was said meanwhile nobody has heard.
TEST_F(LogListenerTest, CallsEachAgainAfterTheConnectionWasLost) {
  LogListener listener(Options(dsn_));
  listener.Start();
  ASSERT_TRUE(ordered_.Take());
  ASSERT_TRUE(committed_.Take());
  ASSERT_EQ(AskSql(dsn_,
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                   "WHERE application_name = 'gatehouse-listener' AND "
                   "datname = current_database()"),
            "1");
  EXPECT_TRUE(ordered_.Take());
  EXPECT_TRUE(committed_.Take());
  EXPECT_TRUE(complaints_.Take());
  Notify("gatehouse_log", "another one");
  EXPECT_TRUE(ordered_.Take());
}

TEST_F(LogListenerTest, StopsWhileThereIsNoDatabase) {
  LogListener listener(Options("host=/nonexistent dbname=nothing"));
  listener.Start();
  EXPECT_TRUE(complaints_.Take());
  EXPECT_TRUE(complaints_.Take()) << "it tries again";
  listener.Stop();
  EXPECT_TRUE(ordered_.None());
}

}  // namespace
}  // namespace gatehouse::tests
