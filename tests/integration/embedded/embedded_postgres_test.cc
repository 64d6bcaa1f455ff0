#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/postgres/admin/connection.h"
#include "storage/postgres/embedded/data_dir.h"
#include "storage/postgres/embedded/postgres_process.h"
#include "storage/postgres/embedded/server_account.h"

namespace gatehouse::storage::postgres::embedded {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kTool[] = "tests/integration/embedded/embedded_tool";
constexpr std::chrono::milliseconds kTimeout{30'000};
// Two data directories of 50 MB, several tests at a time.
constexpr uintmax_t kMemoryNeeded = 1u << 30;

// embedded_tool as a child process.
class Tool {
 public:
  explicit Tool(const std::vector<std::string>& args, bool unprivileged = false) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) abort();
    std::vector<char*> argv = {const_cast<char*>(kTool)};
    for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      if (unprivileged) setenv("GATEHOUSE_TEST_DROP", "1", 1);
      execv(kTool, argv.data());
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    input_ = in[1];
    output_ = fdopen(out[0], "r");
  }

  ~Tool() {
    Finish();
    fclose(output_);
  }
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;

  // The first line that begins with one of the two words; notes before it are skipped.
  std::string ReadResult() { return ReadUntil({"READY", "FAILED"}); }

  std::string ReadUntil(const std::vector<std::string>& words) {
    char* line = nullptr;
    size_t capacity = 0;
    std::string found;
    while (found.empty() && getline(&line, &capacity, output_) > 0) {
      for (const std::string& word : words) {
        if (std::string(line).starts_with(word)) found = line;
      }
      if (std::string(line).starts_with("NOTE")) notes_ += line;
    }
    // An error may span lines: the log's end is part of it.
    while (found.starts_with("FAILED") && getline(&line, &capacity, output_) > 0) found += line;
    free(line);
    return found;
  }

  void Kill9() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  // Ends it in order; its exit code.
  int Finish() {
    if (input_ >= 0) close(std::exchange(input_, -1));
    if (pid_ == 0) return -1;
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  const std::string& notes() const { return notes_; }

 private:
  pid_t pid_ = 0;
  int input_ = -1;
  FILE* output_ = nullptr;
  std::string notes_;
};

// A new folder open to all, since the user that Postgres runs as must pass. In memory where there
// is room: these tests wait for little but fsync.
std::string MakeRoot() {
  std::error_code error;
  const fs::space_info memory = fs::space("/dev/shm", error);
  std::string root = !error && memory.available > kMemoryNeeded && access("/dev/shm", W_OK) == 0
                         ? "/dev/shm/gatehouse-XXXXXX"
                         : "/tmp/gatehouse-XXXXXX";
  if (mkdtemp(root.data()) == nullptr || chmod(root.c_str(), 0777) != 0) abort();
  return root;
}

pid_t PidOf(const std::string& ready) { return std::atoi(ready.c_str() + strlen("READY ")); }
std::string DsnOf(const std::string& ready) {
  std::string dsn = ready.substr(ready.find("host="));
  dsn.pop_back();
  return dsn;
}

std::string Ask(const std::string& dsn, const std::string& sql) {
  auto connection = admin::Connection::Open(dsn);
  if (!connection.ok()) return std::string(connection.status().message());
  auto rows = (*connection)->Execute(sql);
  if (!rows.ok()) return std::string(rows.status().message());
  return rows->empty() ? "" : rows->front().front().value_or("null");
}

class EmbeddedPostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = MakeRoot();
    dir_ = root_ + "/data";
  }
  void TearDown() override { fs::remove_all(root_); }

  // Gives the test a data directory with a database in it, stopped: a copy, since initdb takes
  // seconds.
  void UseMadeDirectory() {
    if (made_.empty()) {
      made_ = MakeRoot();
      Tool tool({made_ + "/data"});
      ASSERT_THAT(tool.ReadResult(), StartsWith("READY"));
      ASSERT_EQ(tool.Finish(), 0);
    }
    ASSERT_EQ(system(("cp -a " + made_ + "/data " + dir_).c_str()), 0);
  }

  static void TearDownTestSuite() {
    if (!made_.empty()) fs::remove_all(made_);
    made_.clear();
  }

  void WriteFile(const std::string& path, const std::string& text, mode_t mode = 0644) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }

  std::string Refusal(const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {dir_};
    args.insert(args.end(), more.begin(), more.end());
    Tool tool(args);
    std::string result = tool.ReadResult();
    EXPECT_THAT(result, StartsWith("FAILED"));
    EXPECT_EQ(tool.Finish(), 1);
    return result;
  }

  static inline std::string made_;
  std::string root_;
  std::string dir_;
};

TEST_F(EmbeddedPostgresTest, MakesADatabaseOnceAndReusesItAfter) {
  pid_t pid = 0;
  {
    Tool tool({dir_});
    std::string ready = tool.ReadResult();
    ASSERT_THAT(ready, StartsWith("READY"));
    EXPECT_THAT(tool.notes(), HasSubstr("making a new database"));
    pid = PidOf(ready);
    std::string dsn = DsnOf(ready);
    EXPECT_EQ(Ask(dsn, "CREATE TABLE kept AS SELECT 7 AS value"), "");
    EXPECT_EQ(Ask(dsn, "SHOW listen_addresses"), "");
    for (const char* durable : {"fsync", "synchronous_commit", "full_page_writes"}) {
      EXPECT_EQ(Ask(dsn, std::string("SHOW ") + durable), "on") << durable;
    }
    EXPECT_EQ(Ask(dsn, "SHOW server_encoding"), "UTF8");
    struct stat info;
    ASSERT_EQ(stat((dir_ + "/run").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    EXPECT_EQ(tool.Finish(), 0);
    EXPECT_NE(kill(pid, 0), 0) << "Postgres outlived an orderly stop";
  }
  Tool tool({dir_});
  std::string ready = tool.ReadResult();
  ASSERT_THAT(ready, StartsWith("READY"));
  EXPECT_EQ(tool.notes(), "");
  EXPECT_EQ(Ask(DsnOf(ready), "SELECT value FROM kept"), "7");
}

TEST_F(EmbeddedPostgresTest, ItsLogHoldsNoDataOfRefusedStatements) {
  UseMadeDirectory();
  Tool tool({dir_});
  const std::string ready = tool.ReadResult();
  ASSERT_THAT(ready, StartsWith("READY"));
  Ask(DsnOf(ready), "CREATE TABLE names (name text CONSTRAINT once UNIQUE)");
  const std::string insert = "INSERT INTO names VALUES ('ada@example.com')";
  Ask(DsnOf(ready), insert);
  EXPECT_THAT(Ask(DsnOf(ready), insert), HasSubstr("duplicate key"));
  EXPECT_EQ(tool.Finish(), 0);
  std::ifstream file(dir_ + "/log/postgres.log");
  const std::string log((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(log, HasSubstr("constraint \"once\""));
  EXPECT_THAT(log, testing::Not(HasSubstr("ada@example.com")));
}

TEST_F(EmbeddedPostgresTest, RunsAsAPlainUser) {
  Tool tool({dir_}, /*unprivileged=*/true);
  std::string ready = tool.ReadResult();
  ASSERT_THAT(ready, StartsWith("READY"));
  EXPECT_EQ(Ask(DsnOf(ready), "SELECT 1"), "1");
  EXPECT_EQ(tool.Finish(), 0);
}

TEST_F(EmbeddedPostgresTest, RecoversAfterTheServerWasKilled) {
  UseMadeDirectory();
  pid_t old_pid = 0;
  {
    Tool tool({dir_});
    std::string ready = tool.ReadResult();
    ASSERT_THAT(ready, StartsWith("READY"));
    old_pid = PidOf(ready);
    EXPECT_EQ(Ask(DsnOf(ready), "CREATE TABLE kept AS SELECT 7 AS value"), "");
    tool.Kill9();
  }
  Tool tool({dir_});
  std::string ready = tool.ReadResult();
  ASSERT_THAT(ready, StartsWith("READY"));
  EXPECT_NE(PidOf(ready), old_pid);
  EXPECT_EQ(Ask(DsnOf(ready), "SELECT value FROM kept"), "7");
}

TEST_F(EmbeddedPostgresTest, BeginsAnewWhenTheFirstStartWasKilled) {
  {
    Tool tool({dir_});
    ASSERT_THAT(tool.ReadUntil({"NOTE making a new database"}), StartsWith("NOTE"));
    tool.Kill9();
  }
  // Of an initdb that was killed too, and so tidied nothing up.
  WriteFile(dir_ + "/postgres.new.1/PG_VERSION", "15\n");
  Tool tool({dir_});
  std::string ready = tool.ReadResult();
  ASSERT_THAT(ready, StartsWith("READY"));
  EXPECT_THAT(tool.notes(), HasSubstr("making a new database"));
  EXPECT_EQ(Ask(DsnOf(ready), "SELECT 1"), "1");
  EXPECT_FALSE(fs::exists(dir_ + "/postgres.new.1"));
}

TEST_F(EmbeddedPostgresTest, StopsAPostgresThatStillRunsThere) {
  UseMadeDirectory();
  auto account = ServerAccount::Choose();
  ASSERT_TRUE(account.ok());
  auto binaries = FindPostgresBinaries();
  ASSERT_TRUE(binaries.ok());
  // One that nobody's death stops, as in a container that hides its parent.
  auto left = PostgresProcess::Start(*account,
                                     {.binaries = *binaries,
                                      .data_dir = dir_ + "/postgres",
                                      .socket_dir = dir_ + "/run",
                                      .log_file = root_ + "/left.log"},
                                     kTimeout);
  ASSERT_TRUE(left.ok()) << left.status();
  Tool tool({dir_});
  std::string ready = tool.ReadResult();
  ASSERT_THAT(ready, StartsWith("READY"));
  EXPECT_THAT(tool.notes(), HasSubstr("stopped the Postgres"));
  EXPECT_FALSE((*left)->IsRunning());
  EXPECT_EQ(Ask(DsnOf(ready), "SELECT 1"), "1");
}

TEST_F(EmbeddedPostgresTest, StartsPostgresAgainWhenItDies) {
  UseMadeDirectory();
  Tool tool({dir_});
  std::string ready = tool.ReadResult();
  ASSERT_THAT(ready, StartsWith("READY"));
  EXPECT_EQ(Ask(DsnOf(ready), "CREATE TABLE kept AS SELECT 7 AS value"), "");
  ASSERT_EQ(kill(PidOf(ready), SIGKILL), 0);
  EXPECT_THAT(tool.ReadUntil({"NOTE Postgres runs again"}), StartsWith("NOTE"));
  EXPECT_EQ(Ask(DsnOf(ready), "SELECT value FROM kept"), "7");
  EXPECT_EQ(tool.Finish(), 0);
}

TEST_F(EmbeddedPostgresTest, IgnoresAStaleProcessIdOfAnotherProgram) {
  UseMadeDirectory();
  // A number that is this test's by now: it must not be shot.
  std::string pid_file = dir_ + "/postgres/postmaster.pid";
  std::ofstream(pid_file) << getpid() << "\n" << dir_ << "/postgres\n0\n5432\n\n\n0 0\n";
  auto account = ServerAccount::Choose();
  ASSERT_TRUE(account.ok() && account->Give(pid_file).ok());
  Tool tool({dir_});
  // Postgres itself may refuse, since that process lives; we live in either case.
  EXPECT_NE(tool.ReadResult(), "");
  EXPECT_THAT(tool.notes(), testing::Not(HasSubstr("stopped")));
}

TEST_F(EmbeddedPostgresTest, RefusesADirectoryInUse) {
  UseMadeDirectory();
  Tool first({dir_});
  ASSERT_THAT(first.ReadResult(), StartsWith("READY"));
  EXPECT_THAT(Refusal(), HasSubstr("in use by another gatehouse server (process "));
}

TEST_F(EmbeddedPostgresTest, RefusesADirectoryOfANewerPostgres) {
  UseMadeDirectory();
  std::ofstream(dir_ + "/postgres/PG_VERSION") << "99\n";
  EXPECT_THAT(Refusal(), HasSubstr("made by Postgres 99, installed: "));
}

TEST_F(EmbeddedPostgresTest, SaysSoWhenTheDiskIsFull) {
  auto binaries = FindPostgresBinaries();
  ASSERT_TRUE(binaries.ok());
  fs::create_directories(root_ + "/bin");
  fs::create_symlink(*binaries + "/postgres", root_ + "/bin/postgres");
  WriteFile(root_ + "/bin/initdb",
            "#!/bin/sh\n"
            "mkdir -p \"${1#--pgdata=}/base\"\n"
            "echo 'initdb: error: could not write file: No space left on device' >&2\nexit 1\n",
            0755);
  EXPECT_THAT(Refusal({root_ + "/bin"}), HasSubstr("no disk space left for " + dir_));
  EXPECT_FALSE(fs::exists(dir_ + "/postgres"));
  for (const fs::directory_entry& entry : fs::directory_iterator(dir_)) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(StartsWith("postgres")));
  }
  // With space again, the same directory serves.
  Tool tool({dir_});
  EXPECT_THAT(tool.ReadResult(), StartsWith("READY"));
}

TEST_F(EmbeddedPostgresTest, SaysWhereItLookedWhenThereIsNoServer) {
  EXPECT_THAT(Refusal({root_ + "/nothing"}), HasSubstr("no Postgres server"));
  EXPECT_FALSE(fs::exists(dir_ + "/postgres"));
}

TEST_F(EmbeddedPostgresTest, ServesFromAPathThatNoSocketFitsIn) {
  dir_ = root_ + "/" + std::string(120, 'd') + ", with \"more\"";
  Tool tool({dir_});
  std::string ready = tool.ReadResult();
  ASSERT_THAT(ready, StartsWith("READY"));
  EXPECT_THAT(DsnOf(ready), StartsWith("host=/tmp/gatehouse-"));
  EXPECT_EQ(Ask(DsnOf(ready), "SELECT 1"), "1");
  EXPECT_EQ(tool.Finish(), 0);
  auto dir = DataDir::Open(dir_);
  ASSERT_TRUE(dir.ok());
  EXPECT_FALSE(fs::exists(dir->socket_dir())) << "left behind in /tmp";
}

}  // namespace
}  // namespace gatehouse::storage::postgres::embedded
