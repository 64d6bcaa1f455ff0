#ifndef GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_CLUSTER_FILES_H_
#define GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_CLUSTER_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/postgres/embedded/data_dir.h"
#include "storage/postgres/embedded/postgres_process.h"
#include "storage/postgres/embedded/server_account.h"

namespace gatehouse::storage::postgres::embedded {

// The folder of the programs that fit the data directory: `bin_dir` if given, else the version
// that made it, else the newest. FAILED_PRECONDITION when it is not installed.
absl::StatusOr<std::string> ChooseBinaries(const DataDir& dir, const std::string& bin_dir);

// Makes log/ and the folder of the socket, and checks that `account` can reach the directory and
// owns the database in it.
absl::Status PrepareFolders(const DataDir& dir, const ServerAccount& account);

// Runs initdb, unless it was done. An initdb that is killed leaves nothing that a later start takes
// for a database: it works beside, and its result is moved in place.
absl::Status MakeClusterOnce(const DataDir& dir, const ServerAccount& account,
                             ClusterOptions options);

// `status` with the reason STORAGE_FULL if it is about a full disk.
absl::Status ExplainFullDisk(const absl::Status& status, const DataDir& dir);

}  // namespace gatehouse::storage::postgres::embedded

#endif  // GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_CLUSTER_FILES_H_
