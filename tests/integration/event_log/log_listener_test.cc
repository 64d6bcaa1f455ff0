#include "storage/event_log/log_listener.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <semaphore>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/uuid.h"
#include "tests/support/postgres/fake_server.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

using storage::LogListener;

// So often has something happened that nobody has waited for yet.
class Times {
 public:
  void Add() { count_.release(); }
  // Waits for one.
  bool Take() { return count_.try_acquire_for(std::chrono::seconds(60)); }
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
            .tell = [this](std::string_view) { complaints_.Add(); }};
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
  listener.Stop(std::chrono::milliseconds(0));
  EXPECT_TRUE(ordered_.None());
  EXPECT_TRUE(committed_.None());
  listener.Stop(std::chrono::milliseconds(0));
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

// Whoever wants to know looks for the lock.
TEST_F(LogListenerTest, ShowsThatItLivesForAsLongAsItsConnection) {
  const base::Uuid instance = base::Uuid::MakeV7(base::SystemClock().Now());
  Times seen;
  std::promise<int64_t> lost;
  LogListener::Options options = Options(dsn_);
  options.deliverer = instance;
  options.on_seen = [&] { seen.Add(); };
  options.on_unseen = [&](int64_t lock_key) { lost.set_value(lock_key); };
  LogListener listener(options);
  const std::string lock_of_instance =
      "SELECT lock_key FROM gatehouse.deliverer WHERE instance_id = '" + instance.ToString() + "'";
  const auto is_free = [&](const std::string& lock_key) {
    return AskSql(dsn_, "SELECT pg_try_advisory_xact_lock_shared(" + lock_key + ")") == "t";
  };
  listener.Start();
  ASSERT_TRUE(seen.Take());
  const std::string first = AskSql(dsn_, lock_of_instance);
  EXPECT_FALSE(is_free(first));
  ExecuteSql(dsn_,
             "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
             "WHERE application_name = 'gatehouse-listener' AND datname = current_database()");
  EXPECT_EQ(std::to_string(lost.get_future().get()), first);
  EXPECT_TRUE(is_free(first));
  ASSERT_TRUE(seen.Take());
  const std::string second = AskSql(dsn_, lock_of_instance);
  EXPECT_NE(second, first);
  EXPECT_FALSE(is_free(second));
  // Its own stop is no loss: a second value of the promise would throw.
  listener.Stop(std::chrono::milliseconds(0));
}

TEST_F(LogListenerTest, PassesOverAHostThatDoesNotAnswer) {
  const FakeServer silent({.silent = true});
  LogListener listener(
      Options("host=" + silent.socket_dir() + "," + PostgresCluster::Shared().socket_dir() +
              " user=gatehouse dbname=" + AskSql(dsn_, "SELECT current_database()")));
  listener.Start();
  EXPECT_TRUE(ordered_.Take());
  listener.Stop(std::chrono::milliseconds(0));
}

TEST_F(LogListenerTest, StopsWhileThereIsNoDatabase) {
  LogListener listener(Options("host=/nonexistent dbname=nothing"));
  listener.Start();
  EXPECT_TRUE(complaints_.Take());
  EXPECT_TRUE(complaints_.Take()) << "it tries again";
  listener.Stop(std::chrono::milliseconds(0));
  EXPECT_TRUE(ordered_.None());
}

// The value of a socket option of the only TCP connection of this process to `port`.
int OptionOfConnectionTo(uint16_t port, int level, int option) {
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof(peer);
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != port) continue;
    int value = 0;
    size = sizeof(value);
    EXPECT_EQ(getsockopt(fd, level, option, &value, &size), 0);
    return value;
  }
  ADD_FAILURE() << "no connection";
  return -1;
}

// A server that vanishes without a word can only be played with a network of one's own; that
// the kernel is told to look for it can be seen.
TEST_F(LogListenerTest, HasTheKernelAskWhetherTheServerIsThere) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(server, 1), 0);
  ASSERT_EQ(getsockname(server, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const uint16_t port = ntohs(address.sin_port);
  LogListener listener(
      Options("host=127.0.0.1 user=x dbname=x keepalives_count=7 port=" + std::to_string(port)));
  listener.Start();
  const int connection = accept(server, nullptr, nullptr);
  ASSERT_GE(connection, 0);
  EXPECT_EQ(OptionOfConnectionTo(port, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(OptionOfConnectionTo(port, IPPROTO_TCP, TCP_KEEPIDLE), 2);
  EXPECT_EQ(OptionOfConnectionTo(port, IPPROTO_TCP, TCP_KEEPINTVL), 1);
  EXPECT_EQ(OptionOfConnectionTo(port, IPPROTO_TCP, TCP_USER_TIMEOUT), 5000);
  EXPECT_EQ(OptionOfConnectionTo(port, IPPROTO_TCP, TCP_KEEPCNT), 7) << "the DSN's own win";
  listener.Stop(std::chrono::milliseconds(0));
  close(connection);
  close(server);
}

}  // namespace
}  // namespace gatehouse::tests
