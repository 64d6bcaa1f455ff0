#include "storage/postgres/embedded/postgres_install.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace gatehouse::storage::postgres::embedded {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PostgresInstallTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(root_); }
  void TearDown() override { fs::remove_all(root_); }

  void Program(const std::string& path, const std::string& prints) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << "#!/bin/sh\necho '" << prints << "'\n";
    ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  }
  // A folder that looks like the server's.
  std::string Server(const std::string& folder, const std::string& version) {
    Program(root_ + folder + "/postgres", "postgres (PostgreSQL) " + version);
    Program(root_ + folder + "/initdb", "");
    return root_ + folder;
  }
  InstallSearch Search(const std::string& path = "") {
    return {.debian_root = root_ + "/debian", .path = path};
  }

  const std::string root_ = testing::TempDir() + "postgres_install_test";
};

TEST_F(PostgresInstallTest, TakesTheNewestOfDebian) {
  Server("/debian/15/bin", "15.1");
  std::string newest = Server("/debian/17/bin", "17.0");
  fs::create_directories(root_ + "/debian/18/bin");  // A client alone.
  auto chosen = ChoosePostgres(Search(), std::nullopt);
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_EQ(chosen->bin_dir, newest);
  EXPECT_EQ(chosen->major, 17);
}

TEST_F(PostgresInstallTest, TakesTheVersionThatMadeTheData) {
  std::string older = Server("/debian/15/bin", "15.1");
  Server("/debian/17/bin", "17.0");
  auto chosen = ChoosePostgres(Search(), 15);
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_EQ(chosen->bin_dir, older);
}

TEST_F(PostgresInstallTest, NamesThePackageOfAMissingVersion) {
  Server("/debian/15/bin", "15.1");
  auto chosen = ChoosePostgres(Search(), 16);
  ASSERT_FALSE(chosen.ok());
  EXPECT_THAT(std::string(chosen.status().message()),
              HasSubstr("made by Postgres 16, installed: 15. Install it: apt-get install "
                        "postgresql-16"));
}

TEST_F(PostgresInstallTest, NamesThePackageWhenThereIsNone) {
  auto chosen = ChoosePostgres(Search(), std::nullopt);
  ASSERT_FALSE(chosen.ok());
  EXPECT_THAT(std::string(chosen.status().message()), HasSubstr("apt-get install postgresql-15"));
}

TEST_F(PostgresInstallTest, FollowsLinksOnPath) {
  std::string real = Server("/opt/pg/bin", "16.3 (Other)");
  fs::create_directories(root_ + "/links");
  fs::create_symlink(real + "/postgres", root_ + "/links/postgres");
  auto chosen = ChoosePostgres(Search("/nowhere:" + root_ + "/links"), std::nullopt);
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_EQ(chosen->bin_dir, fs::canonical(real));
  EXPECT_EQ(chosen->major, 16);
}

TEST_F(PostgresInstallTest, AsksPgConfig) {
  std::string real = Server("/opt/pg/bin", "16.3");
  Program(root_ + "/tools/pg_config", real);
  auto chosen = ChoosePostgres(Search(root_ + "/tools"), std::nullopt);
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_EQ(chosen->bin_dir, real);
}

TEST_F(PostgresInstallTest, PassesOverAVersionThatIsTooOld) {
  Server("/debian/11/bin", "11.5");
  EXPECT_FALSE(ChoosePostgres(Search(), std::nullopt).ok());
}

TEST_F(PostgresInstallTest, RefusesAFolderWithoutAServer) {
  EXPECT_FALSE(PostgresAt(root_).ok());
  Program(root_ + "/odd/postgres", "hello");
  Program(root_ + "/odd/initdb", "");
  EXPECT_FALSE(PostgresAt(root_ + "/odd").ok());
}

}  // namespace
}  // namespace gatehouse::storage::postgres::embedded
