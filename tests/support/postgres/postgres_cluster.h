#ifndef GATEHOUSE_TESTS_SUPPORT_POSTGRES_POSTGRES_CLUSTER_H_
#define GATEHOUSE_TESTS_SUPPORT_POSTGRES_POSTGRES_CLUSTER_H_

#include <signal.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/embedded/postgres_process.h"
#include "storage/postgres/embedded/server_account.h"
#include "tests/support/postgres/scratch_folder.h"

namespace gatehouse::tests {

// A real Postgres of a test program's own, on a Unix socket under /tmp. Made in
// about a second, without fsync; removed at the end, also when the test crashes.
//
// Any failure ends the program: there is nothing to test without it. Thread: the
// main one starts it, since the server ends with the thread that started it; the
// rest from any one at a time. All methods block.
class PostgresCluster {
 public:
  struct Options {
    // For benches and crash tests: what is committed survives the machine.
    bool durable = false;
    // A standby of this one, made by pg_basebackup, which follows it from then on.
    const PostgresCluster* standby_of = nullptr;
  };

  explicit PostgresCluster(Options options);
  PostgresCluster() : PostgresCluster(Options()) {}
  ~PostgresCluster();

  // The one that all tests of a program share; made when first asked for.
  static PostgresCluster& Shared();

  // A new database, empty or a copy of `like`; returns its connection string.
  std::string CreateDatabase(const std::string& like = "");
  // The connection string of a database by name.
  std::string Dsn(const std::string& name) const;

  const std::string& socket_dir() const { return socket_dir_; }
  const std::string& log_file() const { return log_file_; }

  void Stop();
  void Start();
  void Restart() { Stop(), Start(); }
  // As if the machine had lost power.
  void Kill9();
  // Answers nobody any more, without ending a connection; until Thaw.
  void Freeze() { SignalAll(SIGSTOP); }
  void Thaw() { SignalAll(SIGCONT); }

 private:
  void StartJanitor();
  void CopyPrimary(const storage::postgres::embedded::ClusterOptions& cluster) const;
  void SignalAll(int number);

  Options options_;
  // Not TEST_TMPDIR: it may be too long for a socket, or below a folder that
  // Postgres's account may not enter.
  ScratchFolder folder_;
  std::string socket_dir_;
  std::string log_file_;
  std::optional<storage::postgres::embedded::ServerAccount> account_;
  std::unique_ptr<storage::postgres::embedded::PostgresProcess> server_;
  int databases_ = 0;
  // Removes the files when this process dies without doing so: it waits for the
  // other end of the pipe to close.
  pid_t janitor_ = 0;
  int janitor_pipe_ = -1;
};

// Runs a script; ends the program with Postgres's words on an error.
void ExecuteSql(const std::string& dsn, const std::string& script);
// The first column of the first row as text; "" for no row or NULL.
std::string AskSql(const std::string& dsn, const std::string& sql);

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_POSTGRES_POSTGRES_CLUSTER_H_
