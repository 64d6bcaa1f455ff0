#include "tests/support/postgres/scratch_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tests/support/postgres/killed_child.h"

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
  const std::string left = FromKilledChild([](auto tell) {
    const ScratchFolder folder;
    std::ofstream(folder.path() + "/file") << "x";
    tell(folder.path());
  });
  ASSERT_NE(left, "");
  const ScratchFolder other;
  EXPECT_FALSE(std::filesystem::exists(left));
  const ScratchFolder another;
  EXPECT_TRUE(std::filesystem::exists(other.path())) << "it is in use";
}

}  // namespace
}  // namespace gatehouse::tests
