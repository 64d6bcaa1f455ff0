#include "storage/postgres/embedded/embedded_postgres.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/async/mutex.h"
#include "base/status.h"
#include "storage/postgres/admin/connection.h"
#include "storage/postgres/embedded/cluster_files.h"
#include "storage/postgres/embedded/orphan.h"
#include "storage/postgres/embedded/postgres_process.h"
#include "storage/postgres/embedded/server_account.h"

namespace gatehouse::storage::postgres::embedded {
namespace {

using std::chrono::milliseconds;

constexpr char kDatabase[] = "gatehouse";
// How soon a dead Postgres is noticed.
constexpr milliseconds kWatchInterval{100};
// Between attempts to start one that dies at once; doubles up to the second.
constexpr milliseconds kFirstRestartDelay{200};
constexpr milliseconds kLastRestartDelay{10'000};
// Each of fast, immediate and SIGKILL, for a Postgres that a killed server left.
constexpr milliseconds kOrphanPatience{15'000};
// Backends of a killed postmaster end by themselves, soon; until then a new one refuses.
constexpr milliseconds kBackendsPatience{10'000};
constexpr char kBackendsLeft[] = "pre-existing shared memory block";

// For one developer or one small installation: memory small, nothing about durability touched.
std::vector<std::pair<std::string, std::string>> DefaultSettings() {
  return {
      {"cluster_name", "gatehouse"},
      {"shared_buffers", "96MB"},
      {"max_connections", "200"},
      // Bounds both the disk that WAL takes and the time of a recovery.
      {"max_wal_size", "512MB"},
      {"min_wal_size", "64MB"},
      {"wal_compression", "on"},
      // Statements are short and prepared: compiling or splitting them costs more than it saves.
      {"jit", "off"},
      {"max_parallel_workers_per_gather", "0"},
      {"unix_socket_permissions", "0700"},
      // Files in the data directory: nothing is left in /dev/shm by a Postgres that was killed.
      {"dynamic_shared_memory_type", "mmap"},
      {"timezone", "UTC"},
      {"log_timezone", "UTC"},
      {"log_checkpoints", "off"},
      // One line for what a statement is refused for. The rest would be the statement and the row
      // it was about, with names and addresses of users, many times a minute in ordinary use.
      {"log_error_verbosity", "terse"},
      {"log_min_error_statement", "panic"},
      {"log_line_prefix", "%m [%p] "},
  };
}

absl::Status CreateDatabaseOnce(const std::string& dsn) {
  GH_ASSIGN_OR_RETURN(std::unique_ptr<admin::Connection> connection,
                      admin::Connection::Open(dsn, {.application_name = "gatehouse dev"}));
  GH_ASSIGN_OR_RETURN(
      admin::Connection::Rows rows,
      connection->Query("SELECT 1 FROM pg_database WHERE datname = $1", {kDatabase}));
  if (!rows.empty()) return absl::OkStatus();
  return connection->Execute(absl::StrCat("CREATE DATABASE ", kDatabase)).status();
}

}  // namespace

// Owns the process on a thread of its own: the kernel ties a child's life to the thread that
// started it, not to the process, so that thread must live as long as the server.
class EmbeddedPostgres::Keeper {
 public:
  Keeper(const DataDir& dir, ServerAccount account, ClusterOptions cluster, EmbeddedOptions options)
      : dir_(dir),
        account_(std::move(account)),
        cluster_(std::move(cluster)),
        options_(std::move(options)) {}

  ~Keeper() { Stop(); }

  absl::Status Start() {
    std::promise<absl::Status> started;
    std::future<absl::Status> result = started.get_future();
    thread_ = std::thread([this, &started] { Run(started); });
    return result.get();
  }

  void Stop() {
    {
      base::MutexLock lock(mutex_);
      stopping_ = true;
    }
    wake_.NotifyAll();
    if (thread_.joinable()) thread_.join();
  }

  const std::string& dsn() const { return dsn_; }
  pid_t pid() const { return pid_; }

 private:
  // Written before `started` is fulfilled, constant after.
  void Run(std::promise<absl::Status>& started) {
    auto process = Launch();
    if (process.ok()) {
      dsn_ = (*process)->Dsn(kDatabase);
      if (absl::Status status = CreateDatabaseOnce((*process)->Dsn("postgres")); !status.ok()) {
        process = status;
      }
    }
    started.set_value(process.status());
    if (!process.ok()) return;
    milliseconds delay = kFirstRestartDelay;
    while (!WaitForStop(kWatchInterval)) {
      if (*process != nullptr && (*process)->IsRunning()) {
        delay = kFirstRestartDelay;
        continue;
      }
      options_.progress("Postgres ended by itself; starting it again");
      // One that cannot start is tried again at growing intervals: a full disk may be emptied.
      if (WaitForStop(delay)) break;
      delay = std::min(delay * 2, kLastRestartDelay);
      process->reset();
      if (auto again = Launch(); again.ok()) {
        *process = *std::move(again);
        options_.progress("Postgres runs again");
      } else {
        options_.progress(std::string(ExplainFullDisk(again.status(), dir_).message()));
      }
    }
    if (*process != nullptr) (*process)->Stop(options_.stop_timeout);
    // Of no use without it, and litter if it stands in /tmp.
    rmdir(cluster_.socket_dir.c_str());
  }

  absl::StatusOr<std::unique_ptr<PostgresProcess>> Launch() {
    auto give_up = std::chrono::steady_clock::now() + kBackendsPatience;
    while (true) {
      auto process = PostgresProcess::Start(account_, cluster_, options_.start_timeout);
      if (process.ok()) pid_ = (*process)->pid();
      bool backends_left =
          !process.ok() && absl::StrContains(process.status().message(), kBackendsLeft);
      if (!backends_left || std::chrono::steady_clock::now() > give_up ||
          WaitForStop(kWatchInterval)) {
        return process;
      }
    }
  }

  bool WaitForStop(milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    base::MutexLock lock(mutex_);
    while (!stopping_ && wake_.WaitUntil(mutex_, deadline)) {
    }
    return stopping_;
  }

  const DataDir& dir_;
  const ServerAccount account_;
  const ClusterOptions cluster_;
  const EmbeddedOptions options_;
  std::string dsn_;
  std::atomic<pid_t> pid_ = 0;
  base::Mutex mutex_;
  base::CondVar wake_;
  bool stopping_ GH_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

EmbeddedPostgres::EmbeddedPostgres(std::unique_ptr<Keeper> keeper) : keeper_(std::move(keeper)) {}
EmbeddedPostgres::~EmbeddedPostgres() = default;

absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> EmbeddedPostgres::Start(const DataDir& dir,
                                                                          EmbeddedOptions options) {
  GH_ASSIGN_OR_RETURN(std::string binaries, ChooseBinaries(dir, options.bin_dir));
  GH_ASSIGN_OR_RETURN(ServerAccount account, ServerAccount::Choose());
  GH_RETURN_IF_ERROR(PrepareFolders(dir, account));
  ClusterOptions cluster{.binaries = binaries,
                         .data_dir = dir.cluster_dir(),
                         .socket_dir = dir.socket_dir(),
                         .settings = DefaultSettings(),
                         .log_file = dir.log_dir() + "/postgres.log",
                         .die_with_parent = true};
  cluster.settings.insert(cluster.settings.end(), options.settings.begin(), options.settings.end());
  if (!dir.HasCluster()) {
    options.progress(absl::StrCat("making a new database in ", dir.path()));
    if (absl::Status status = MakeClusterOnce(dir, account, cluster); !status.ok()) {
      return ExplainFullDisk(status, dir);
    }
  }
  GH_ASSIGN_OR_RETURN(bool orphan, StopOrphan(dir.cluster_dir(), kOrphanPatience));
  if (orphan) options.progress("stopped the Postgres that an earlier server left running");
  auto keeper =
      std::make_unique<Keeper>(dir, std::move(account), std::move(cluster), std::move(options));
  if (absl::Status status = keeper->Start(); !status.ok()) return ExplainFullDisk(status, dir);
  return std::unique_ptr<EmbeddedPostgres>(new EmbeddedPostgres(std::move(keeper)));
}

const std::string& EmbeddedPostgres::dsn() const { return keeper_->dsn(); }
pid_t EmbeddedPostgres::pid() const { return keeper_->pid(); }
void EmbeddedPostgres::Stop() { keeper_->Stop(); }

}  // namespace gatehouse::storage::postgres::embedded
