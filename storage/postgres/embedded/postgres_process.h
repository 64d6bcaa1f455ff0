#ifndef GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_POSTGRES_PROCESS_H_
#define GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_POSTGRES_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/postgres/embedded/server_account.h"

namespace gatehouse::storage::postgres::embedded {

// The folder with the newest installed Postgres's programs (postgres_install.h).
// FAILED_PRECONDITION when there is none.
absl::StatusOr<std::string> FindPostgresBinaries();

// The superuser of a cluster made by InitCluster.
inline constexpr char kClusterUser[] = "gatehouse";

struct ClusterOptions {
  std::string binaries;  // From FindPostgresBinaries.
  std::string data_dir;
  // Where the Unix socket is made: at most 90 bytes, since a socket's path holds
  // 107 and Postgres adds its name. No TCP port is opened.
  std::string socket_dir;
  // Lines for the server's command line: {"fsync", "off"}.
  std::vector<std::pair<std::string, std::string>> settings = {};
  // Gets what initdb and the server print.
  std::string log_file;
  // Stops the server (fast shutdown) when the thread that started it ends, also
  // by SIGKILL. Only for starters that live as long as the process.
  bool die_with_parent = false;
};

// Runs one of Postgres's programs under `account` to its end; `command` begins with its path. An
// error holds the end of what it printed.
absl::Status RunProgram(const ServerAccount& account, const ClusterOptions& options,
                        const std::vector<std::string>& command);

// Runs initdb on an empty or missing `data_dir`: UTF-8, C.UTF-8 collation (the
// same order on every machine), checksums, only local connections. `sync` false
// leaves the files to the page cache, for tests.
absl::Status InitCluster(const ServerAccount& account, const ClusterOptions& options, bool sync);

// A running Postgres server, child of this process.
//
// Lifetime: the destructor stops it. Thread: any one at a time; the methods
// block.
class PostgresProcess {
 public:
  // Starts the server and returns when it accepts connections. An error holds
  // the end of the log.
  static absl::StatusOr<std::unique_ptr<PostgresProcess>> Start(const ServerAccount& account,
                                                                ClusterOptions options,
                                                                std::chrono::milliseconds timeout);
  ~PostgresProcess();

  // A connection string for the database `name` over the Unix socket.
  std::string Dsn(const std::string& name) const;

  pid_t pid() const { return pid_; }
  // False once the server has ended, by itself or not.
  bool IsRunning();

  // A fast shutdown: open transactions are rolled back, a checkpoint is made.
  // After `timeout` an immediate one. Does nothing when it has ended.
  void Stop(std::chrono::milliseconds timeout);

  // SIGKILL, as a crash. Returns when its backends are gone too.
  void Kill9();

 private:
  PostgresProcess(ClusterOptions options, pid_t pid);
  bool WaitForEnd(std::chrono::milliseconds timeout);

  ClusterOptions options_;
  pid_t pid_;
  bool running_ = true;
};

}  // namespace gatehouse::storage::postgres::embedded

#endif  // GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_POSTGRES_PROCESS_H_
