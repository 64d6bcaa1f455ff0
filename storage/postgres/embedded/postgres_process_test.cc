#include "storage/postgres/embedded/postgres_process.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>

namespace gatehouse::storage::postgres::embedded {
namespace {

constexpr std::chrono::milliseconds kTimeout{30000};

// The one value `sql` returns, or "error: ...".
std::string Ask(const std::string& dsn, const char* sql) {
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(dsn.c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return std::string("error: ") + PQerrorMessage(connection.get());
  }
  std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql), &PQclear);
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return "";
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    return std::string("error: ") + PQerrorMessage(connection.get());
  }
  return PQgetvalue(result.get(), 0, 0);
}

class PostgresProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    char root[] = "/tmp/gatehouse-XXXXXX";
    ASSERT_NE(mkdtemp(root), nullptr);
    root_ = root;
    // mkdtemp makes it ours alone; the server's account must pass.
    ASSERT_EQ(chmod(root, 0711), 0);
    auto account = ServerAccount::Choose();
    ASSERT_TRUE(account.ok()) << account.status();
    account_ = std::make_unique<ServerAccount>(*account);
    auto binaries = FindPostgresBinaries();
    ASSERT_TRUE(binaries.ok()) << binaries.status();
    options_ = {.binaries = *binaries,
                .data_dir = root_ + "/data",
                .socket_dir = root_ + "/socket",
                .settings = {{"fsync", "off"}},
                .log_file = root_ + "/log",
                .die_with_parent = true};
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string root_;
  std::unique_ptr<ServerAccount> account_;
  ClusterOptions options_;
};

TEST_F(PostgresProcessTest, ServesKeepsDataOverStopAndCrashAndEnds) {
  const absl::Status made = InitCluster(*account_, options_, /*sync=*/false);
  ASSERT_TRUE(made.ok()) << made;
  auto server = PostgresProcess::Start(*account_, options_, kTimeout);
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string dsn = (*server)->Dsn("postgres");
  EXPECT_EQ(Ask(dsn, "SHOW server_encoding"), "UTF8");
  EXPECT_EQ(Ask(dsn, "CREATE TABLE kept AS SELECT 7 AS value"), "");

  (*server)->Stop(kTimeout);
  EXPECT_FALSE((*server)->IsRunning());
  EXPECT_TRUE(Ask(dsn, "SELECT 1").starts_with("error:"));

  server = PostgresProcess::Start(*account_, options_, kTimeout);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(Ask(dsn, "SELECT value FROM kept"), "7");
  (*server)->Kill9();
  EXPECT_FALSE((*server)->IsRunning());

  server = PostgresProcess::Start(*account_, options_, kTimeout);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(Ask(dsn, "SELECT value FROM kept"), "7");
  const pid_t pid = (*server)->pid();
  server->reset();
  EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(PostgresProcessTest, SaysWhyWhenTheDataDirectoryIsNone) {
  std::filesystem::create_directory(options_.data_dir);
  const auto server = PostgresProcess::Start(*account_, options_, kTimeout);
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.status().message().find("did not start"), absl::string_view::npos);
  EXPECT_NE(server.status().message().find(options_.data_dir), absl::string_view::npos)
      << server.status();
}

TEST_F(PostgresProcessTest, RefusesASocketPathThatIsTooLong) {
  options_.socket_dir = root_ + "/" + std::string(90, 'x');
  const auto server = PostgresProcess::Start(*account_, options_, kTimeout);
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.status().message().find("longer than"), absl::string_view::npos);
}

TEST_F(PostgresProcessTest, InitFailsOnADirectoryInUse) {
  std::filesystem::create_directories(options_.data_dir + "/something");
  const absl::Status made = InitCluster(*account_, options_, /*sync=*/false);
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.message().find("not empty"), absl::string_view::npos) << made;
}

}  // namespace
}  // namespace gatehouse::storage::postgres::embedded
