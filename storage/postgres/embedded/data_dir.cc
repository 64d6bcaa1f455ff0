#include "storage/postgres/embedded/data_dir.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::storage::postgres::embedded {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr char kFormatPrefix[] = "gatehouse data directory, format ";
constexpr char kFormatFile[] = "FORMAT";
constexpr char kFormatDraft[] = "FORMAT.new";
constexpr char kLockFile[] = "gatehouse.lock";
constexpr char kDemoUsersFile[] = "demo-users";
// A socket's path holds 107 bytes, of which "/.s.PGSQL.5432.lock" needs 19.
constexpr size_t kMaxSocketDir = 88;
constexpr char kPlainCharacters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+~";

absl::Status Refused(const std::string& message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, message,
                         {.reason = base::Reason::kDatabaseUnavailable});
}

absl::Status Failed(const std::string& what, const std::string& path) {
  std::string hint =
      errno == EACCES || errno == EPERM
          ? ". It belongs to another user: run as that user, or choose another --data-dir"
          : "";
  return Refused(absl::StrCat(what, " ", path, ": ", std::strerror(errno), hint));
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

// Parents as any other folder; the folder itself closed to others. Root's must let the user that
// Postgres runs as through, who may not list it.
absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::path parent = fs::path(path).parent_path();
  fs::create_directories(parent, error);
  if (error) return Refused(absl::StrCat("mkdir ", parent.string(), ": ", error.message()));
  if (mkdir(path.c_str(), 0700) != 0) {
    if (errno != EEXIST) return Failed("mkdir", path);
    if (!fs::is_directory(path, error)) return Refused(absl::StrCat(path, " is not a folder"));
    return absl::OkStatus();
  }
  if (geteuid() == 0 && chmod(path.c_str(), 0711) != 0) return Failed("chmod", path);
  return absl::OkStatus();
}

// OK for a folder of ours and for an empty one.
absl::Status CheckFormat(const std::string& path) {
  std::string file = absl::StrCat(path, "/", kFormatFile);
  if (access(file.c_str(), F_OK) != 0) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
      std::string name = entry.path().filename();
      // What a first run leaves that was killed before it wrote FORMAT.
      if (name == kLockFile || name == kFormatDraft) continue;
      return Refused(absl::StrCat(path, " was not made by gatehouse (it holds ", name,
                                  "): choose an empty or new folder as --data-dir"));
    }
    if (error) return Refused(absl::StrCat("read ", path, ": ", error.message()));
    return absl::OkStatus();
  }
  if (access(file.c_str(), R_OK) != 0) return Failed("read", file);
  std::string text = ReadAll(file);
  absl::string_view number = absl::StripSuffix(text, "\n");
  int format = 0;
  if (!absl::ConsumePrefix(&number, kFormatPrefix) || !absl::SimpleAtoi(number, &format)) {
    return Refused(absl::StrCat(file, " is damaged: expected \"", kFormatPrefix, kFormat, "\""));
  }
  if (format > kFormat) {
    return Refused(absl::StrCat(path, " has format ", format,
                                ", made by a newer gatehouse; this one knows ", kFormat,
                                ". Use the newer gatehouse, or another --data-dir"));
  }
  return absl::OkStatus();
}

absl::Status WriteFormat(const std::string& path) {
  std::string file = absl::StrCat(path, "/", kFormatFile);
  if (access(file.c_str(), F_OK) == 0) return absl::OkStatus();
  std::string draft = absl::StrCat(path, "/", kFormatDraft);
  std::string text = absl::StrCat(kFormatPrefix, kFormat, "\n");
  int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed("write", draft);
  bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  int error = errno;
  close(fd);
  errno = error;
  if (!written || rename(draft.c_str(), file.c_str()) != 0) return Failed("write", file);
  return absl::OkStatus();
}

absl::StatusOr<int> TakeLock(const std::string& path) {
  std::string file = absl::StrCat(path, "/", kLockFile);
  int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("open", file);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    int error = errno;
    std::string pid = ReadAll(file);
    close(fd);
    if (error != EWOULDBLOCK) {
      errno = error;
      return Failed("lock", file);
    }
    return Refused(absl::StrCat(path, " is in use by another gatehouse server (process ",
                                pid.empty() ? "unknown" : std::string(absl::StripSuffix(pid, "\n")),
                                "): stop it, or choose another --data-dir"));
  }
  std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    absl::Status status = Failed("write", file);
    close(fd);
    return status;
  }
  return fd;
}

}  // namespace

std::string DefaultDataDir() {
  if (geteuid() == 0) return "/var/lib/gatehouse";
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && data[0] == '/') {
    return absl::StrCat(data, "/gatehouse");
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    const passwd* user = getpwuid(geteuid());
    home = user == nullptr ? "/tmp" : user->pw_dir;
  }
  return absl::StrCat(home, "/.local/share/gatehouse");
}

absl::StatusOr<DataDir> DataDir::Open(const std::string& given) {
  std::error_code error;
  fs::path absolute = fs::absolute(given, error).lexically_normal();
  // "x/" names the same folder as "x".
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  std::string path = absolute;
  if (given.empty() || path == "/")
    return Refused("the data directory must be a folder of its own");
  GH_RETURN_IF_ERROR(MakeFolder(path));
  GH_RETURN_IF_ERROR(CheckFormat(path));
  GH_ASSIGN_OR_RETURN(int lock, TakeLock(path));
  DataDir dir(path, lock);
  // Again under the lock, before anything is written.
  GH_RETURN_IF_ERROR(CheckFormat(path));
  GH_RETURN_IF_ERROR(WriteFormat(path));
  return dir;
}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDir::~DataDir() {
  if (lock_ >= 0) close(lock_);
}

std::string DataDir::socket_dir() const {
  std::string run = path_ + "/run";
  // A comma separates hosts in a connection string, whatever quotes stand around it.
  bool plain = run.find_first_not_of(kPlainCharacters) == std::string::npos;
  if (plain && run.size() <= kMaxSocketDir) return run;
  return "/tmp/gatehouse-" + base::HexEncode(base::Sha256(path_)).substr(0, 16);
}

bool DataDir::HasCluster() const { return access(cluster_dir().c_str(), F_OK) == 0; }

bool DataDir::HasDemoUsers() const {
  return access(absl::StrCat(path_, "/", kDemoUsersFile).c_str(), F_OK) == 0;
}

absl::Status DataDir::NoteDemoUsers() const {
  std::string file = absl::StrCat(path_, "/", kDemoUsersFile);
  int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return Failed("write", file);
  fsync(fd);
  close(fd);
  return absl::OkStatus();
}

}  // namespace gatehouse::storage::postgres::embedded
