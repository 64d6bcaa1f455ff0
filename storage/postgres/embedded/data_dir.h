#ifndef GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_DATA_DIR_H_
#define GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_DATA_DIR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gatehouse::storage::postgres::embedded {

// /var/lib/gatehouse for root (the user that Postgres runs as cannot enter /root), else
// ${XDG_DATA_HOME:-~/.local/share}/gatehouse.
std::string DefaultDataDir();

// The folder of a `gatehouse dev`: its database, its secrets, its log.
//
//   FORMAT          says that Gatehouse made the folder, and in which layout
//   gatehouse.lock  locked while a server uses the folder; holds its process id
//   postgres/       the database's own data directory
//   run/            the Unix socket, mode 0700
//   log/            postgres.log, and the one before as postgres.log.1
//   secrets/        mode 0700
//   demo-users      there once the demo users were made
//
// Holds the lock until destruction; the kernel frees it when the process dies, however it dies.
class DataDir {
 public:
  // Makes the folder, or opens one that a Gatehouse made. FAILED_PRECONDITION, with a message that
  // says what to do, if it holds something else, has a newer layout, is in use by another server,
  // or belongs to another user. Changes nothing in a folder that it refuses.
  static absl::StatusOr<DataDir> Open(const std::string& path);

  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&&) = delete;
  ~DataDir();

  const std::string& path() const { return path_; }
  std::string cluster_dir() const { return path_ + "/postgres"; }
  std::string log_dir() const { return path_ + "/log"; }
  std::string secrets_dir() const { return path_ + "/secrets"; }
  // run/, or a folder in /tmp named by a hash where the path is too long for a socket or holds
  // characters that a connection string cannot.
  std::string socket_dir() const;

  // True once initdb has finished.
  bool HasCluster() const;

  // Whether NoteDemoUsers was called before.
  bool HasDemoUsers() const;
  absl::Status NoteDemoUsers() const;

 private:
  DataDir(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;
};

}  // namespace gatehouse::storage::postgres::embedded

#endif  // GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_DATA_DIR_H_
