#ifndef GATEHOUSE_SERVICE_SEED_SECRET_FILES_H_
#define GATEHOUSE_SERVICE_SEED_SECRET_FILES_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gatehouse::service {

// The files that seeding reads and writes. `what` names the member of the seed file in
// errors, all INVALID_FIELD unless said otherwise.

// A secret: without the newline that an editor leaves at its end, and not empty.
absl::StatusOr<std::string> ReadSecretFile(std::string_view what, const std::string& path);

bool FileExists(const std::string& path);

// A file for a secret that is about to be made: owned by us alone from the first moment
// on, with its place on the disk, never over another file, and gone again unless the
// secret was written.
class NewSecretFile {
 public:
  static absl::StatusOr<NewSecretFile> Create(std::string_view what, const std::string& path);

  // What Create would say, as far as can be told without making the file.
  static absl::Status Check(std::string_view what, const std::string& path);

  NewSecretFile(NewSecretFile&& other) noexcept;
  ~NewSecretFile();

  // INTERNAL if it cannot be written, to the disk.
  absl::Status Write(const std::string& secret);

 private:
  NewSecretFile(std::string path, int file);

  std::string path_;
  int file_;
  bool written_ = false;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SEED_SECRET_FILES_H_
