#include "tests/support/postgres/scratch_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

namespace gatehouse::tests {
namespace {

namespace fs = std::filesystem;

constexpr char kParent[] = "/tmp";
constexpr char kPrefix[] = "gatehouse-cluster-";

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::abort();
}

int OpenFolder(const fs::path& path) {
  return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void Remove(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

void RemoveAbandoned() {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(kParent, error)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    const int handle = OpenFolder(entry.path());
    if (handle < 0) continue;
    if (flock(handle, LOCK_EX | LOCK_NB) == 0) Remove(entry.path());
    close(handle);
  }
}

}  // namespace

ScratchFolder::ScratchFolder() {
  RemoveAbandoned();
  while (true) {
    path_ = std::string(kParent) + "/" + kPrefix + "XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) Fail("mkdtemp");
    handle_ = OpenFolder(path_);
    if (handle_ >= 0 && flock(handle_, LOCK_EX) != 0) Fail("flock");
    // Another may have found it between its making and its lock.
    if (handle_ >= 0 && chmod(path_.c_str(), 0711) == 0) return;
    if (handle_ >= 0) close(handle_);
  }
}

ScratchFolder::~ScratchFolder() {
  Remove(path_);
  close(handle_);
}

}  // namespace gatehouse::tests
