#include "service/config/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include "base/hash.h"
#include "base/status.h"
#include "base/text/ascii.h"
#include "base/text/encoding.h"

namespace gatehouse::service::config {
namespace {

// 32 random bytes hold about 30 different values, and fewer than 16 once in 10^15 files; typed
// examples (zeros, 0123456789abcdef repeated) hold a handful.
constexpr size_t kLeastDistinctBytes = 16;
constexpr mode_t kForbiddenMode = S_IWGRP | S_IRWXO;

absl::Status Refused(std::string_view setting, const std::string& path, const std::string& why) {
  return absl::FailedPreconditionError(std::string(setting) + " (" + path + "): " + why);
}

absl::StatusOr<std::string> ReadFile(std::string_view setting, const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Refused(setting, path, std::strerror(errno));
  struct stat info;
  // Twice the length that is right: enough to see that it is not.
  char buffer[4 * kSecretBytes];
  ssize_t size =
      fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? read(fd, buffer, sizeof(buffer)) : -1;
  close(fd);
  if (size < 0) return Refused(setting, path, "is not a readable file");
  if ((info.st_mode & kForbiddenMode) != 0) {
    return Refused(setting, path, "other users can reach it: chmod 600 " + path);
  }
  return std::string(buffer, size);
}

absl::Status WriteSecret(const std::string& path) {
  std::string draft = path + ".new";
  std::string text = base::HexEncode(base::RandomBytes(kSecretBytes)) + "\n";
  int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = fd >= 0 &&
                 write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                 fsync(fd) == 0;
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  if (!written || rename(draft.c_str(), path.c_str()) != 0) {
    return absl::FailedPreconditionError("write " + path + ": " + std::strerror(errno));
  }
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& folder) {
  int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool synced = fd >= 0 && fsync(fd) == 0;
  int error = errno;
  if (fd >= 0) close(fd);
  if (synced) return absl::OkStatus();
  return absl::FailedPreconditionError("fsync " + folder + ": " + std::strerror(error));
}

}  // namespace

absl::StatusOr<std::string> LoadSecret(std::string_view setting, const std::string& path) {
  if (path.empty()) {
    return absl::FailedPreconditionError(
        std::string(setting) + " is not set: make the file with `openssl rand -hex 32`, mode 0600");
  }
  GH_ASSIGN_OR_RETURN(const std::string text, ReadFile(setting, path));
  std::optional<std::string> secret = base::HexDecode(base::WithoutLineEnd(text));
  if (!secret || secret->size() != kSecretBytes) {
    return Refused(setting, path, "must hold 64 hex digits: `openssl rand -hex 32`");
  }
  if (std::set<char>(secret->begin(), secret->end()).size() < kLeastDistinctBytes) {
    return Refused(setting, path, "holds an example, not a random value: `openssl rand -hex 32`");
  }
  return *secret;
}

absl::StatusOr<Secrets> LoadSecrets(const AuthSettings& config) {
  Secrets secrets;
  GH_ASSIGN_OR_RETURN(secrets.master_key,
                      LoadSecret("auth.master_key_file", config.master_key_file));
  GH_ASSIGN_OR_RETURN(secrets.token_pepper,
                      LoadSecret("auth.token_pepper_file", config.token_pepper_file));
  if (!config.accepted_master_key_file.empty()) {
    GH_ASSIGN_OR_RETURN(secrets.accepted_master_key, LoadSecret("auth.accepted_master_key_file",
                                                                config.accepted_master_key_file));
  }
  if (!config.accepted_token_pepper_file.empty()) {
    GH_ASSIGN_OR_RETURN(
        secrets.accepted_token_pepper,
        LoadSecret("auth.accepted_token_pepper_file", config.accepted_token_pepper_file));
  }
  if (secrets.master_key == secrets.token_pepper) {
    return absl::FailedPreconditionError(
        "auth.master_key_file and auth.token_pepper_file hold the same value: each needs its own");
  }
  if (secrets.accepted_master_key == secrets.master_key ||
      secrets.accepted_master_key == secrets.token_pepper) {
    return absl::FailedPreconditionError(
        "auth.accepted_master_key_file holds the same value as another secret: it is for a second "
        "master key");
  }
  const std::string& second = secrets.accepted_token_pepper;
  if (second == secrets.token_pepper || second == secrets.master_key ||
      (!second.empty() && second == secrets.accepted_master_key)) {
    return absl::FailedPreconditionError(
        "auth.accepted_token_pepper_file holds the same value as another secret: it is for a "
        "second token pepper");
  }
  return secrets;
}

absl::StatusOr<Secrets> OpenSecretsFolder(const std::string& folder, bool may_create) {
  AuthSettings files{.master_key_file = folder + "/master_key",
                     .token_pepper_file = folder + "/token_pepper"};
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::FailedPreconditionError("mkdir " + folder + ": " + std::strerror(errno));
  }
  for (const std::string& path : {files.master_key_file, files.token_pepper_file}) {
    if (access(path.c_str(), F_OK) == 0) continue;
    if (!may_create) {
      return absl::FailedPreconditionError(
          path +
          " is missing, and the database holds what was sealed under it: restore the file, "
          "or begin anew with another data directory");
    }
    GH_RETURN_IF_ERROR(WriteSecret(path));
    GH_RETURN_IF_ERROR(SyncFolder(folder));
  }
  return LoadSecrets(files);
}

}  // namespace gatehouse::service::config
