#ifndef GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_ORPHAN_H_
#define GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_ORPHAN_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

namespace gatehouse::storage::postgres::embedded {

// Stops the Postgres that runs on `cluster_dir`, if one does: the one that a killed server left
// behind. True if there was one. Fast shutdown first; after `patience` immediate; then SIGKILL.
//
// Stopped rather than adopted: only a child of this process ends with it and has this program's
// settings. The caller holds the data directory's lock, so no living server uses it. The process
// is told by its working directory, not by the number in postmaster.pid alone, which another
// process may have by now.
absl::StatusOr<bool> StopOrphan(const std::string& cluster_dir, std::chrono::milliseconds patience);

}  // namespace gatehouse::storage::postgres::embedded

#endif  // GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_ORPHAN_H_
