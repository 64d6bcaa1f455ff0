#ifndef GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_EMBEDDED_POSTGRES_H_
#define GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_EMBEDDED_POSTGRES_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/postgres/embedded/data_dir.h"

namespace gatehouse::storage::postgres::embedded {

struct EmbeddedOptions {
  // Where initdb and postgres are; empty: searched for (postgres_install.h).
  std::string bin_dir = {};
  // A recovery after a crash replays at most max_wal_size, on a slow disk.
  std::chrono::milliseconds start_timeout{60'000};
  // A fast shutdown writes what is dirty; then an immediate one, which the next start repairs.
  std::chrono::milliseconds stop_timeout{15'000};
  // After the ones in embedded_postgres.cc: {"shared_buffers", "16MB"}.
  std::vector<std::pair<std::string, std::string>> settings = {};
  // Told what takes long, and of a Postgres that died and was started again. Called on the thread
  // that starts, or on the keeper's.
  std::function<void(std::string_view)> progress = [](std::string_view) {};
};

// A private Postgres in a DataDir: made on the first start (initdb), reused after. Reached by a
// Unix socket alone.
//
// Without a password: the socket's folder has mode 0700 and belongs to the user that Postgres runs
// as, so that this user and root can connect, who could read the database's files anyway.
// Writes are durable: fsync and full_page_writes stay on.
//
// A keeper thread owns the Postgres process, and starts it again if it dies. The kernel stops
// Postgres (fast shutdown) when this process dies, also by SIGKILL; should one be left, the next
// start stops it first. Destruction stops Postgres. Start and Stop block.
class EmbeddedPostgres {
 public:
  // `dir` must outlive the result. FAILED_PRECONDITION, with what to do: Postgres is not
  // installed, or not the version that made the directory; the directory cannot be entered by the
  // user Postgres runs as, or belongs to another; no disk space (RESOURCE_EXHAUSTED with
  // STORAGE_FULL); initdb or Postgres fails, with the end of its log.
  static absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> Start(const DataDir& dir,
                                                                 EmbeddedOptions options = {});
  ~EmbeddedPostgres();

  // For the server's database, which exists.
  const std::string& dsn() const;
  // The process id of Postgres; another after it died.
  pid_t pid() const;

  // Fast shutdown, bounded. Idempotent.
  void Stop();

 private:
  class Keeper;

  explicit EmbeddedPostgres(std::unique_ptr<Keeper> keeper);

  std::unique_ptr<Keeper> keeper_;
};

}  // namespace gatehouse::storage::postgres::embedded

#endif  // GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_EMBEDDED_POSTGRES_H_
