#ifndef GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_POSTGRES_INSTALL_H_
#define GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_POSTGRES_INSTALL_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::storage::postgres::embedded {

// The oldest major version that Gatehouse is tested with.
inline constexpr int kMinimumPostgresMajor = 15;

// A folder that holds the server's programs: initdb and postgres.
struct PostgresInstall {
  int major;
  std::string bin_dir;
};

// Where to look.
struct InstallSearch {
  // Debian's layout: ROOT/MAJOR/bin. Its packages put no server on PATH.
  std::string debian_root = "/usr/lib/postgresql";
  // PATH of this process: other systems, and whatever `pg_config --bindir` names.
  std::string path;

  static InstallSearch OfThisMachine();
};

// Every server that is installed, newest first.
std::vector<PostgresInstall> FindPostgresInstalls(const InstallSearch& search);

// The newest one, or the one of `major`: a data directory opens only with the version that made
// it. FAILED_PRECONDITION with the command that installs it when it is not there.
absl::StatusOr<PostgresInstall> ChoosePostgres(const InstallSearch& search,
                                               std::optional<int> major);

// The server in one folder, for an installation that the search does not find.
absl::StatusOr<PostgresInstall> PostgresAt(const std::string& bin_dir);

}  // namespace gatehouse::storage::postgres::embedded

#endif  // GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_POSTGRES_INSTALL_H_
