#include "service/seed/secret_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/reason.h"
#include "base/small_file.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service {
namespace {

using tests::FailsWith;
using tests::IsOk;

class SecretFilesTest : public testing::Test {
 protected:
  SecretFilesTest() { std::filesystem::create_directory(folder_); }
  ~SecretFilesTest() override { std::filesystem::remove_all(folder_); }

  static auto Refused() {
    return FailsWith(absl::StatusCode::kInvalidArgument, base::Reason::kInvalidField);
  }

  const std::string folder_ = testing::TempDir() + "secret_files_test";
  const std::string path_ = folder_ + "/key";
};

TEST_F(SecretFilesTest, WritesASecretForItsOwnerAlone) {
  EXPECT_THAT(NewSecretFile::Check("key_file", path_), IsOk());
  {
    auto file = NewSecretFile::Create("key_file", path_);
    ASSERT_THAT(file.status(), IsOk());
    EXPECT_THAT(file->Write("hidden"), IsOk());
  }
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(*ReadSecretFile("key_file", path_), "hidden");
}

TEST_F(SecretFilesTest, LeavesNothingWhereNoSecretWasMade) {
  {
    ASSERT_THAT(NewSecretFile::Create("key_file", path_).status(), IsOk());
  }
  EXPECT_FALSE(FileExists(path_));
}

TEST_F(SecretFilesTest, RefusesBeforehandWhereThereIsNoSpace) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  EXPECT_THAT(NewSecretFile::Create("key_file", path_).status(), Refused());
  EXPECT_FALSE(FileExists(path_));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
}

TEST_F(SecretFilesTest, WritesOverNothingAndSaysSoBeforehand) {
  std::ofstream(path_) << "mine";
  EXPECT_THAT(NewSecretFile::Check("key_file", path_), Refused());
  EXPECT_THAT(NewSecretFile::Create("key_file", path_).status(), Refused());
  EXPECT_EQ(*base::ReadSmallFile("key_file", path_), "mine");
  for (const std::string& elsewhere : {folder_ + "/no/key", path_ + "/key"}) {
    EXPECT_THAT(NewSecretFile::Check("key_file", elsewhere), Refused()) << elsewhere;
    EXPECT_THAT(NewSecretFile::Create("key_file", elsewhere).status(), Refused()) << elsewhere;
  }
}

TEST_F(SecretFilesTest, RefusesWhatHoldsNoSecret) {
  std::ofstream(path_) << "\n";
  EXPECT_THAT(ReadSecretFile("secret_file", path_).status(), Refused());
  EXPECT_THAT(ReadSecretFile("secret_file", folder_).status(), Refused());
  EXPECT_THAT(ReadSecretFile("secret_file", folder_ + "/missing").status(), Refused());
  std::ofstream(path_) << std::string((1 << 20) + 1, 'x');
  EXPECT_THAT(base::ReadSmallFile("secret_file", path_).status(), Refused());
}

}  // namespace
}  // namespace gatehouse::service
