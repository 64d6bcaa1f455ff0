#include "tests/support/postgres/postgres_cluster.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::tests {
namespace {

using storage::postgres::admin::Connection;
using storage::postgres::embedded::FindPostgresBinaries;
using storage::postgres::embedded::InitCluster;
using storage::postgres::embedded::PostgresProcess;
using storage::postgres::embedded::ServerAccount;

constexpr std::chrono::milliseconds kTimeout{60000};
constexpr int kMaxStarts = 20;
// The server ends by itself at the same time, so the files may still change.
constexpr char kJanitorScript[] =
    "cat >/dev/null; for i in 1 2 3 4 5 6 7 8 9; do rm -rf -- \"$0\" 2>/dev/null && exit; "
    "sleep 0.3; done";

void Require(const absl::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
  std::abort();
}

template <typename T>
T Require(absl::StatusOr<T> value, const char* what) {
  Require(value.status(), what);
  return *std::move(value);
}

}  // namespace

PostgresCluster::PostgresCluster(Options options) : options_(options) {
  socket_dir_ = folder_.path() + "/socket";
  log_file_ = folder_.path() + "/log";
  StartJanitor();
  account_ = Require(ServerAccount::Choose(), "account");
  Start();
}

PostgresCluster::~PostgresCluster() {
  // An immediate shutdown: as quick as SIGKILL, after which System V shared memory would stay.
  if (server_) server_->Stop({});
  server_.reset();
  close(janitor_pipe_);
  waitpid(janitor_, nullptr, 0);
}

PostgresCluster& PostgresCluster::Shared() {
  static PostgresCluster cluster;
  return cluster;
}

void PostgresCluster::StartJanitor() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  // Whoever waits for the end of the test's output must not wait for the janitor.
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A session of its own, so that Ctrl-C does not end it first.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  const char* argv[] = {"/bin/sh", "-c", kJanitorScript, folder_.path().c_str(), nullptr};
  if (posix_spawn(&janitor_, argv[0], &actions, &attributes, const_cast<char* const*>(argv),
                  environ) != 0) {
    std::abort();
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  janitor_pipe_ = ends[1];
}

void PostgresCluster::Start() {
  storage::postgres::embedded::ClusterOptions cluster{
      .binaries = Require(storage::postgres::embedded::FindPostgresBinaries(), "Postgres"),
      .data_dir = folder_.path() + "/data",
      .socket_dir = socket_dir_,
      .settings = {{"shared_buffers", "32MB"},
                   {"max_connections", "100"},
                   // Where it is removed with the rest,
                   // also after a crash; not /dev/shm.
                   {"dynamic_shared_memory_type", "mmap"},
                   {"log_min_messages", "fatal"},
                   {"log_min_error_statement", "panic"}},
      .log_file = log_file_,
      .die_with_parent = true};
  if (!options_.durable) {
    cluster.settings.insert(cluster.settings.end(),
                            {{"fsync", "off"}, {"full_page_writes", "off"}});
  }
  if (options_.standby_of != nullptr && !std::filesystem::exists(cluster.data_dir)) {
    CopyPrimary(cluster);
  } else if (!std::filesystem::exists(cluster.data_dir)) {
    Require(storage::postgres::embedded::InitCluster(*account_, cluster, options_.durable),
            "initdb");
  }
  auto started = PostgresProcess::Start(*account_, cluster, kTimeout);
  // A backend that was forked in the moment of a Kill9 outlives it for a while, and nothing
  // starts on the data directory before it has noticed.
  for (int tries = 0; !started.ok() && tries < kMaxStarts; ++tries) {
    started = PostgresProcess::Start(*account_, cluster, kTimeout);
  }
  server_ = Require(std::move(started), "Postgres");
}

void PostgresCluster::CopyPrimary(
    const storage::postgres::embedded::ClusterOptions& cluster) const {
  // Which the account may not make there by itself.
  std::filesystem::create_directory(cluster.data_dir);
  std::filesystem::permissions(cluster.data_dir, std::filesystem::perms::owner_all);
  Require(account_->Give(cluster.data_dir), "data directory");
  // Its WAL comes by the same connection from then on: primary_conninfo is that of the copy.
  Require(storage::postgres::embedded::RunProgram(
              *account_, cluster,
              {cluster.binaries + "/pg_basebackup", "--host=" + options_.standby_of->socket_dir(),
               std::string("--username=") + storage::postgres::embedded::kClusterUser,
               "--pgdata=" + cluster.data_dir, "--write-recovery-conf", "--checkpoint=fast",
               "--no-sync"}),
          "pg_basebackup");
}

void PostgresCluster::Stop() { server_->Stop(kTimeout); }

void PostgresCluster::SignalAll(int number) {
  const std::string pid = std::to_string(server_->pid());
  // From the top: a parent that is stopped starts no more children.
  kill(server_->pid(), number);
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  for (pid_t child = 0; children >> child;) kill(child, number);
}

void PostgresCluster::Kill9() { server_->Kill9(); }

std::string PostgresCluster::CreateDatabase(const std::string& like) {
  const std::string name = "test_" + std::to_string(++databases_);
  // As files and not through the log, which takes twice as long for one as small as ours.
  const std::string tail = like.empty() ? "" : " TEMPLATE " + like + " STRATEGY FILE_COPY";
  ExecuteSql(Dsn("postgres"), "CREATE DATABASE " + name + tail);
  return Dsn(name);
}

std::string PostgresCluster::Dsn(const std::string& name) const { return server_->Dsn(name); }

void ExecuteSql(const std::string& dsn, const std::string& script) {
  const auto connection = Require(Connection::Open(dsn), "connect");
  Require(connection->Execute(script).status(), "SQL");
}

std::string AskSql(const std::string& dsn, const std::string& sql) {
  const auto connection = Require(Connection::Open(dsn), "connect");
  const Connection::Rows rows = Require(connection->Execute(sql), "SQL");
  if (rows.empty() || rows[0].empty()) return "";
  return rows[0][0].value_or("");
}

}  // namespace gatehouse::tests
