#include "tests/support/postgres/scratch_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace gatehouse::tests {
namespace {

TEST(ScratchFolderTest, GoesWithItsObject) {
  std::optional<ScratchFolder> folder(std::in_place);
  const std::string path = folder->path();
  std::ofstream(path + "/file") << "x";
  EXPECT_TRUE(std::filesystem::exists(path + "/file"));
  folder.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ScratchFolderTest, TheNextOneRemovesWhatAKilledProcessLeft) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const ScratchFolder folder;
    std::ofstream(folder.path() + "/file") << "x";
    if (write(ends[1], folder.path().data(), folder.path().size()) < 0) _exit(1);
    raise(SIGKILL);
  }
  close(ends[1]);
  char buffer[256];
  const ssize_t size = read(ends[0], buffer, sizeof(buffer));
  ASSERT_GT(size, 0);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  const std::string left(buffer, static_cast<size_t>(size));
  const ScratchFolder other;
  EXPECT_FALSE(std::filesystem::exists(left));
  const ScratchFolder another;
  EXPECT_TRUE(std::filesystem::exists(other.path())) << "it is in use";
}

}  // namespace
}  // namespace gatehouse::tests
