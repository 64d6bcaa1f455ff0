#include "service/seed/secret_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/small_file.h"
#include "base/status.h"
#include "base/text/ascii.h"

namespace gatehouse::service {
namespace {

// More than any secret has.
constexpr off_t kReservedBytes = 1024;

absl::Status CannotCreate(std::string_view what, const std::string& path, int error) {
  return base::InvalidField(what, "cannot create " + path + ": " + std::strerror(error));
}

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(std::string_view what, const std::string& path) {
  GH_ASSIGN_OR_RETURN(const std::string text, base::ReadSmallFile(what, path));
  const std::string_view secret = base::WithoutLineEnd(text);
  // Not for "no password": the entry would name no file.
  if (secret.empty()) return base::InvalidField(what, path + " is empty");
  return std::string(secret);
}

bool FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::StatusOr<NewSecretFile> NewSecretFile::Create(std::string_view what,
                                                    const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return CannotCreate(what, path, errno);
  NewSecretFile created(path, file);
  // A disk that fills from here on cannot keep a secret from being written down that is already
  // good.
  const int error = posix_fallocate(file, 0, kReservedBytes);
  if (error != 0) return CannotCreate(what, path, error);
  return created;
}

absl::Status NewSecretFile::Check(std::string_view what, const std::string& path) {
  if (FileExists(path)) return CannotCreate(what, path, EEXIST);
  const std::string folder = std::filesystem::path(path).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return CannotCreate(what, path, errno);
}

NewSecretFile::NewSecretFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

NewSecretFile::NewSecretFile(NewSecretFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      written_(other.written_) {}

NewSecretFile::~NewSecretFile() {
  if (file_ < 0) return;
  close(file_);
  if (!written_) unlink(path_.c_str());
}

absl::Status NewSecretFile::Write(const std::string& secret) {
  const std::string line = secret + "\n";
  written_ = write(file_, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
             ftruncate(file_, static_cast<off_t>(line.size())) == 0 && fsync(file_) == 0;
  if (written_) return absl::OkStatus();
  return base::InternalError("cannot write " + path_ + ": " + std::strerror(errno));
}

}  // namespace gatehouse::service
