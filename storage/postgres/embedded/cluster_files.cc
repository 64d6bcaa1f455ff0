#include "storage/postgres/embedded/cluster_files.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "storage/postgres/embedded/postgres_install.h"

namespace gatehouse::storage::postgres::embedded {
namespace {

namespace fs = std::filesystem;

// A log of a dozen lines per start: years. More than this is trouble that should not fill the disk.
constexpr uintmax_t kMaxLogBytes = 10 << 20;

constexpr char kDraftPrefix[] = "postgres.new.";

absl::Status Refused(const std::string& message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, message,
                         {.reason = base::Reason::kDatabaseUnavailable});
}

absl::Status Failed(const std::string& what, const std::string& path) {
  return Refused(absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
}

std::string UserName(uid_t uid) {
  const passwd* user = getpwuid(uid);
  return user == nullptr ? absl::StrCat("uid ", uid) : user->pw_name;
}

// Asks the kernel, as the account: permissions of every folder above, ACLs, mount options.
bool CanEnter(const ServerAccount& account, const std::string& path) {
  // _Fork: see postgres_process.cc.
  pid_t pid = _Fork();
  if (pid == 0) {
    _exit(account.AssumeInChild() && access(path.c_str(), X_OK) == 0 ? 0 : 1);
  }
  int status = 1;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && status == 0;
}

// A folder that must be ours alone, made here: /tmp is open to everybody, who might have put a
// link or a folder of their own there.
absl::Status MakePrivateFolder(const std::string& path, uid_t owner) {
  struct stat info;
  if (mkdir(path.c_str(), 0700) == 0) return absl::OkStatus();
  if (errno != EEXIST || lstat(path.c_str(), &info) != 0) return Failed("mkdir", path);
  if (!S_ISDIR(info.st_mode) || (info.st_uid != owner && info.st_uid != geteuid())) {
    return Refused(absl::StrCat(path, " exists and is not ours: remove it"));
  }
  return absl::OkStatus();
}

absl::Status CheckOwner(const std::string& path, uid_t owner) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return Failed("stat", path);
  if (info.st_uid == owner) return absl::OkStatus();
  return Refused(absl::StrCat(
      path, " belongs to ", UserName(info.st_uid), ", Postgres would run as ", UserName(owner),
      ": start as the user that made it, or choose another ", "--data-dir"));
}

std::optional<int> MajorOf(const std::string& cluster_dir) {
  std::ifstream file(cluster_dir + "/PG_VERSION");
  int major = 0;
  if (file >> major) return major;
  return std::nullopt;
}

// What initdb made and did not finish.
void RemoveDrafts(const DataDir& dir) {
  std::error_code error;
  std::vector<fs::path> drafts;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir.path(), error)) {
    if (entry.path().filename().string().starts_with(kDraftPrefix)) drafts.push_back(entry.path());
  }
  for (const fs::path& draft : drafts) fs::remove_all(draft, error);
}

void RotateLog(const std::string& log) {
  std::error_code error;
  if (fs::file_size(log, error) > kMaxLogBytes && !error) fs::rename(log, log + ".1", error);
}

}  // namespace

absl::StatusOr<std::string> ChooseBinaries(const DataDir& dir, const std::string& bin_dir) {
  std::optional<int> made_by;
  if (dir.HasCluster()) {
    made_by = MajorOf(dir.cluster_dir());
    if (!made_by) {
      return Refused(absl::StrCat(dir.cluster_dir(),
                                  "/PG_VERSION is missing or damaged: the "
                                  "database needs its backup, or another --data-dir"));
    }
  }
  if (bin_dir.empty()) {
    GH_ASSIGN_OR_RETURN(PostgresInstall found,
                        ChoosePostgres(InstallSearch::OfThisMachine(), made_by));
    return found.bin_dir;
  }
  GH_ASSIGN_OR_RETURN(PostgresInstall given, PostgresAt(bin_dir));
  if (made_by && *made_by != given.major) {
    return Refused(absl::StrCat("the database was made by Postgres ", *made_by, ", ", bin_dir,
                                " holds ", given.major));
  }
  return given.bin_dir;
}

absl::Status PrepareFolders(const DataDir& dir, const ServerAccount& account) {
  if (!CanEnter(account, dir.path())) {
    return Refused(absl::StrCat(
        "the user ", UserName(account.uid()), ", which Postgres runs as, cannot enter ", dir.path(),
        ": a folder above it is closed to others (as /root is). Choose another --data-dir, such "
        "as ",
        DefaultDataDir()));
  }
  if (dir.HasCluster()) GH_RETURN_IF_ERROR(CheckOwner(dir.cluster_dir(), account.file_owner()));
  if (mkdir(dir.log_dir().c_str(), 0700) != 0 && errno != EEXIST) {
    return Failed("mkdir", dir.log_dir());
  }
  RotateLog(dir.log_dir() + "/postgres.log");
  return MakePrivateFolder(dir.socket_dir(), account.file_owner());
}

absl::Status MakeClusterOnce(const DataDir& dir, const ServerAccount& account,
                             ClusterOptions options) {
  if (dir.HasCluster()) return absl::OkStatus();
  RemoveDrafts(dir);
  // A name of its own: the initdb of a server that was killed may still be about to delete its.
  options.data_dir = absl::StrCat(dir.path(), "/", kDraftPrefix, getpid());
  absl::Status status = InitCluster(account, options, /*sync=*/true);
  if (!status.ok()) {
    RemoveDrafts(dir);
    return status;
  }
  if (rename(options.data_dir.c_str(), dir.cluster_dir().c_str()) != 0) {
    return Failed("rename", options.data_dir);
  }
  // The new name must survive a crash as what is in it does.
  int folder = open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return Failed("open", dir.path());
  bool synced = fsync(folder) == 0;
  close(folder);
  return synced ? absl::OkStatus() : Failed("fsync", dir.path());
}

absl::Status ExplainFullDisk(const absl::Status& status, const DataDir& dir) {
  if (!absl::StrContains(status.message(), std::strerror(ENOSPC))) return status;
  return base::MakeError(
      absl::StatusCode::kResourceExhausted,
      absl::StrCat("no disk space left for ", dir.path(), ": ", status.message()),
      {.reason = base::Reason::kStorageFull});
}

}  // namespace gatehouse::storage::postgres::embedded
