#include "tests/support/postgres/postgres_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/postgres/killed_child.h"
#include "tests/support/postgres/migrated_database.h"

namespace gatehouse::tests {
namespace {

TEST(PostgresClusterTest, DatabasesAreApart) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  const std::string one = cluster.CreateDatabase();
  ExecuteSql(one, "CREATE TABLE here (x int); INSERT INTO here VALUES (7)");
  EXPECT_EQ(AskSql(one, "SELECT x FROM here"), "7");
  EXPECT_EQ(AskSql(cluster.CreateDatabase(), "SELECT to_regclass('here')"), "");
}

TEST(PostgresClusterTest, MigratedDatabasesHaveTheSchema) {
  const std::string dsn = CreateMigratedDatabase();
  EXPECT_EQ(AskSql(dsn, "SELECT name FROM gatehouse.tenant"), "default");
  EXPECT_NE(CreateMigratedDatabase(), dsn);
}

// What the kernel lists of System V's shared memory, one segment a line.
std::vector<std::string> SharedMemorySegments() {
  std::vector<std::string> segments;
  std::ifstream list("/proc/sysvipc/shm");
  // Key and id, which do not change as processes come and go.
  for (std::string key, id, rest; list >> key >> id && std::getline(list, rest);) {
    segments.push_back(key + " " + id);
  }
  return segments;
}

TEST(PostgresClusterTest, LeavesNoSharedMemoryBehind) {
  std::string segment;
  {
    PostgresCluster cluster;
    EXPECT_EQ(AskSql(cluster.Dsn("postgres"), "SHOW dynamic_shared_memory_type"), "mmap");
    // "  <key> <id>" in the seventh line of its lock file.
    const std::string line = AskSql(cluster.Dsn("postgres"),
                                    "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 7)");
    std::istringstream words(line);
    std::string key, id;
    ASSERT_TRUE(words >> key >> id) << line;
    segment = key + " " + id;
    EXPECT_THAT(SharedMemorySegments(), testing::Contains(segment));
  }
  EXPECT_THAT(SharedMemorySegments(), testing::Not(testing::Contains(segment)));
}

TEST(PostgresClusterTest, LeavesNothingBehindWhenTheTestCrashes) {
  const std::string socket_dir = FromKilledChild([](auto tell) {
    PostgresCluster cluster;
    tell(cluster.socket_dir());
  });
  ASSERT_NE(socket_dir, "");
  const std::filesystem::path root = std::filesystem::path(socket_dir).parent_path();
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::filesystem::exists(root) && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(std::filesystem::exists(root));
}

}  // namespace
}  // namespace gatehouse::tests
