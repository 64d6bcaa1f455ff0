#include "storage/postgres/embedded/server_account.h"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::storage::postgres::embedded {
namespace {

// Whether the user namespace this process lives in knows `id`.
bool IsMapped(const char* map_file, uint64_t id) {
  std::ifstream map(map_file);
  uint64_t inside = 0;
  uint64_t outside = 0;
  uint64_t count = 0;
  while (map >> inside >> outside >> count) {
    if (id >= inside && id - inside < count) return true;
  }
  return false;
}

bool WriteFile(const char* path, const char* text, size_t size) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text, size) == static_cast<ssize_t>(size);
  close(fd);
  return written;
}

}  // namespace

ServerAccount::ServerAccount(Kind kind, uid_t uid, gid_t gid)
    : kind_(kind),
      uid_(uid),
      gid_(gid),
      uid_map_(std::to_string(uid) + " " + std::to_string(geteuid()) + " 1\n"),
      gid_map_(std::to_string(gid) + " " + std::to_string(getegid()) + " 1\n") {}

absl::StatusOr<ServerAccount> ServerAccount::Choose() {
  if (geteuid() != 0) return ServerAccount(Kind::kSelf, geteuid(), getegid());
  const passwd* user = getpwnam("postgres");
  if (user == nullptr) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition,
                           "Postgres does not run as root, and there is no user \"postgres\" to "
                           "run it as: install the package postgresql-15, or run as another user",
                           {.reason = base::Reason::kDatabaseUnavailable});
  }
  const bool mapped =
      IsMapped("/proc/self/uid_map", user->pw_uid) && IsMapped("/proc/self/gid_map", user->pw_gid);
  return ServerAccount(mapped ? Kind::kSetuid : Kind::kUserNamespace, user->pw_uid, user->pw_gid);
}

uid_t ServerAccount::file_owner() const { return kind_ == Kind::kUserNamespace ? geteuid() : uid_; }

absl::Status ServerAccount::Give(const std::string& path) const {
  if (kind_ != Kind::kSetuid || chown(path.c_str(), uid_, gid_) == 0) return absl::OkStatus();
  return base::InternalError("chown " + path + ": " + std::strerror(errno));
}

bool ServerAccount::AssumeInChild() const {
  switch (kind_) {
    case Kind::kSelf:
      return true;
    case Kind::kSetuid:
      // The system calls themselves: the C library's functions would change every thread
      // it knows of, and wait for those of the parent, which are not in this process.
      return syscall(SYS_setgroups, 0, nullptr) == 0 &&
             syscall(SYS_setresgid, gid_, gid_, gid_) == 0 &&
             syscall(SYS_setresuid, uid_, uid_, uid_) == 0;
    case Kind::kUserNamespace:
      // Without "deny" the kernel refuses the group map.
      return unshare(CLONE_NEWUSER) == 0 && WriteFile("/proc/self/setgroups", "deny", 4) &&
             WriteFile("/proc/self/uid_map", uid_map_.data(), uid_map_.size()) &&
             WriteFile("/proc/self/gid_map", gid_map_.data(), gid_map_.size());
  }
  return false;
}

}  // namespace gatehouse::storage::postgres::embedded
