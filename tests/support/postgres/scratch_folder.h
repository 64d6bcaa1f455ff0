#ifndef GATEHOUSE_TESTS_SUPPORT_POSTGRES_SCRATCH_FOLDER_H_
#define GATEHOUSE_TESTS_SUPPORT_POSTGRES_SCRATCH_FOLDER_H_

#include <string>

namespace gatehouse::tests {

// A new folder in /tmp, which all users may enter, removed with the object.
//
// A process that is killed removes nothing, and where Bazel kills a test, everything else in its
// sandbox is killed with it. So whoever lives holds a lock on its folder, and whoever makes a new
// one removes those that nobody holds.
//
// Any failure ends the program. Thread: any one at a time.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  // Holds the lock; the kernel lets go of it with the process.
  int handle_ = -1;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_POSTGRES_SCRATCH_FOLDER_H_
