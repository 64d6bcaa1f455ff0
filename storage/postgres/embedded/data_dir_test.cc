#include "storage/postgres/embedded/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace gatehouse::storage::postgres::embedded {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DataDirTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(path_); }
  void TearDown() override { fs::remove_all(path_); }

  std::string Refusal() {
    auto dir = DataDir::Open(path_);
    EXPECT_FALSE(dir.ok());
    return dir.ok() ? "" : std::string(dir.status().message());
  }

  const std::string path_ = testing::TempDir() + "data_dir_test";
};

TEST_F(DataDirTest, MakesAFolderAndOpensItAgain) {
  EXPECT_TRUE(DataDir::Open(path_).ok());
  auto again = DataDir::Open(path_ + "/");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->path(), path_);
  EXPECT_FALSE(again->HasCluster());
}

TEST_F(DataDirTest, TakesAnEmptyFolder) {
  fs::create_directories(path_);
  EXPECT_TRUE(DataDir::Open(path_).ok());
}

TEST_F(DataDirTest, TakesWhatAKilledFirstRunLeft) {
  fs::create_directories(path_);
  std::ofstream(path_ + "/gatehouse.lock") << "1\n";
  std::ofstream(path_ + "/FORMAT.new") << "gate";
  EXPECT_TRUE(DataDir::Open(path_).ok());
}

TEST_F(DataDirTest, LeavesAForeignFolderAlone) {
  fs::create_directories(path_);
  std::ofstream(path_ + "/thesis.txt") << "precious";
  EXPECT_THAT(Refusal(), HasSubstr("not made by gatehouse (it holds thesis.txt)"));
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), {}), 1);
}

TEST_F(DataDirTest, RefusesANewerFormat) {
  ASSERT_TRUE(DataDir::Open(path_).ok());
  std::ofstream(path_ + "/FORMAT") << "gatehouse data directory, format 2\n";
  EXPECT_THAT(Refusal(), HasSubstr("made by a newer gatehouse"));
}

TEST_F(DataDirTest, RefusesADamagedFormat) {
  ASSERT_TRUE(DataDir::Open(path_).ok());
  std::ofstream(path_ + "/FORMAT") << "gatehouse";
  EXPECT_THAT(Refusal(), HasSubstr("damaged"));
}

TEST_F(DataDirTest, IsHeldByOneAtATime) {
  auto holder = DataDir::Open(path_);
  ASSERT_TRUE(holder.ok());
  EXPECT_THAT(Refusal(), HasSubstr("in use by another gatehouse server (process " +
                                   std::to_string(getpid()) + ")"));
  {
    DataDir moved = *std::move(holder);
  }
  EXPECT_TRUE(DataDir::Open(path_).ok());
}

TEST_F(DataDirTest, RefusesAFileAndTheRoot) {
  std::ofstream(path_) << "x";
  EXPECT_THAT(Refusal(), HasSubstr("is not a folder"));
  EXPECT_FALSE(DataDir::Open("/").ok());
  EXPECT_FALSE(DataDir::Open("").ok());
}

TEST_F(DataDirTest, MovesTheSocketOutOfALongPath) {
  auto here = DataDir::Open(path_);
  ASSERT_TRUE(here.ok());
  std::string below = path_ + "/" + std::string(100, 'x');
  auto longer = DataDir::Open(below);
  ASSERT_TRUE(longer.ok());
  EXPECT_THAT(longer->socket_dir(), testing::MatchesRegex("/tmp/gatehouse-[0-9a-f]{16}"));
}

}  // namespace
}  // namespace gatehouse::storage::postgres::embedded
