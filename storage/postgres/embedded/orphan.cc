#include "storage/postgres/embedded/orphan.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace gatehouse::storage::postgres::embedded {
namespace {

namespace fs = std::filesystem;

// A handle of a process, which cannot come to mean another one as a number can.
class ProcessHandle {
 public:
  explicit ProcessHandle(pid_t pid) : fd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  ~ProcessHandle() {
    if (fd_ >= 0) close(fd_);
  }
  ProcessHandle(const ProcessHandle&) = delete;
  ProcessHandle& operator=(const ProcessHandle&) = delete;

  bool valid() const { return fd_ >= 0; }
  bool Signal(int number) const {
    return syscall(SYS_pidfd_send_signal, fd_, number, nullptr, 0) == 0 || errno == ESRCH;
  }
  bool WaitForEnd(std::chrono::milliseconds timeout) const {
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    return poll(&entry, 1, static_cast<int>(timeout.count())) == 1;
  }

 private:
  int fd_;
};

pid_t ReadPid(const std::string& cluster_dir) {
  std::ifstream file(cluster_dir + "/postmaster.pid");
  long pid = 0;
  file >> pid;
  return static_cast<pid_t>(pid);
}

}  // namespace

absl::StatusOr<bool> StopOrphan(const std::string& cluster_dir,
                                std::chrono::milliseconds patience) {
  pid_t pid = ReadPid(cluster_dir);
  if (pid <= 1) return false;
  ProcessHandle process(pid);
  // Gone: Postgres clears the stale file by itself.
  if (!process.valid()) return false;
  std::error_code error;
  fs::path folder = fs::read_symlink(absl::StrCat("/proc/", pid, "/cwd"), error);
  fs::path ours = fs::canonical(cluster_dir, error);
  if (error || folder != ours) return false;
  for (int number : {SIGINT, SIGQUIT, SIGKILL}) {
    if (!process.Signal(number)) {
      return base::MakeError(absl::StatusCode::kFailedPrecondition,
                             absl::StrCat("a Postgres still runs on ", cluster_dir, " (process ",
                                          pid, ") and cannot be stopped: ", std::strerror(errno)),
                             {.reason = base::Reason::kDatabaseUnavailable});
    }
    if (process.WaitForEnd(patience)) return true;
  }
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat("a Postgres still runs on ", cluster_dir, " (process ", pid,
                                      ") and does not end"),
                         {.reason = base::Reason::kDatabaseUnavailable});
}

}  // namespace gatehouse::storage::postgres::embedded
