#ifndef GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_SERVER_ACCOUNT_H_
#define GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_SERVER_ACCOUNT_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gatehouse::storage::postgres::embedded {

// The account that Postgres's programs run under: they refuse to run as root.
//
// A plain user runs them as it is. Root becomes the user "postgres" that
// Debian's package makes; where that uid is not mapped, as in Bazel's sandbox,
// setuid is impossible and a user namespace presents root as "postgres".
//
// A value.
class ServerAccount {
 public:
  // FAILED_PRECONDITION for root where no user "postgres" exists.
  static absl::StatusOr<ServerAccount> Choose();

  // Who it is by the passwd file.
  uid_t uid() const { return uid_; }

  // Who owns the files it makes, as this process sees them.
  uid_t file_owner() const;

  // Makes `path`, an existing directory or file, the account's own. Everything
  // above it must let that account pass: not /root, for instance.
  absl::Status Give(const std::string& path) const;

  // Turns a forked child into the account, before exec. False with errno set.
  // Async-signal-safe: nothing is allocated.
  bool AssumeInChild() const;

 private:
  enum class Kind { kSelf, kSetuid, kUserNamespace };

  ServerAccount(Kind kind, uid_t uid, gid_t gid);

  Kind kind_;
  uid_t uid_;
  gid_t gid_;
  // Lines for /proc/self/{uid,gid}_map, made before the fork.
  std::string uid_map_;
  std::string gid_map_;
};

}  // namespace gatehouse::storage::postgres::embedded

#endif  // GATEHOUSE_STORAGE_POSTGRES_EMBEDDED_SERVER_ACCOUNT_H_
