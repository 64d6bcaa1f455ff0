#include "service/config/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace gatehouse::service::config {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr char kGood[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

class SecretsTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& text, mode_t mode = 0600) {
    std::string path = folder_ + "/secret";
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  std::string Refusal(const std::string& path) {
    auto secret = LoadSecret("auth.some_file", path);
    EXPECT_FALSE(secret.ok());
    return secret.ok() ? "" : std::string(secret.status().message());
  }

  const std::string folder_ = testing::TempDir() + "secrets_test";
};

TEST_F(SecretsTest, LoadsHexWithOrWithoutTheEndOfItsLine) {
  auto secret = LoadSecret("auth.some_file", Write(kGood));
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->size(), kSecretBytes);
  EXPECT_EQ((*secret)[0], '\x9f');
  EXPECT_EQ(*LoadSecret("auth.some_file", Write(std::string(kGood) + "\r\n")), *secret);
  EXPECT_EQ(*LoadSecret("auth.some_file", Write(std::string(kGood) + "\n", 0440)), *secret);
}

TEST_F(SecretsTest, RefusesWhatIsNotSet) {
  EXPECT_THAT(Refusal(""), HasSubstr("auth.some_file is not set"));
}

TEST_F(SecretsTest, RefusesAMissingFileAndAFolder) {
  EXPECT_THAT(Refusal(folder_ + "/none"), HasSubstr("No such file"));
  EXPECT_THAT(Refusal(folder_), HasSubstr("not a readable file"));
}

TEST_F(SecretsTest, RefusesAFileOpenToOthers) {
  EXPECT_THAT(Refusal(Write(kGood, 0644)), HasSubstr("chmod 600"));
  EXPECT_THAT(Refusal(Write(kGood, 0620)), HasSubstr("chmod 600"));
}

TEST_F(SecretsTest, RefusesOtherLengthsWithoutShowingThem) {
  std::string shorter = std::string(kGood).substr(2);
  EXPECT_THAT(Refusal(Write(shorter)), HasSubstr("64 hex digits"));
  EXPECT_THAT(Refusal(Write(shorter)), Not(HasSubstr(shorter)));
  EXPECT_THAT(Refusal(Write(std::string(kGood) + "00")), HasSubstr("64 hex digits"));
  EXPECT_THAT(Refusal(Write(std::string(5000, 'a'))), HasSubstr("64 hex digits"));
  EXPECT_THAT(Refusal(Write("hunter2")), HasSubstr("64 hex digits"));
}

TEST_F(SecretsTest, RefusesExamples) {
  std::string counting;
  for (int i = 0; i < 4; ++i) counting += "0123456789abcdef";
  EXPECT_THAT(Refusal(Write(counting)), HasSubstr("example"));
  EXPECT_THAT(Refusal(Write(std::string(64, '0'))), HasSubstr("example"));
}

TEST_F(SecretsTest, RefusesOneValueForBoth) {
  std::string path = Write(kGood);
  auto secrets = LoadSecrets({.master_key_file = path, .token_pepper_file = path});
  ASSERT_FALSE(secrets.ok());
  EXPECT_THAT(std::string(secrets.status().message()), HasSubstr("the same value"));
}

TEST_F(SecretsTest, ASecondPepperIsNoneOfTheOthers) {
  // Each of its own, by the digit it begins with.
  const auto file = [this](char digit) {
    const std::string path = folder_ + "/" + digit;
    std::ofstream(path) << digit << std::string(kGood).substr(1);
    EXPECT_EQ(chmod(path.c_str(), 0600), 0);
    return path;
  };
  AuthSettings settings{.master_key_file = file('1'),
                        .accepted_master_key_file = file('2'),
                        .token_pepper_file = file('3'),
                        .accepted_token_pepper_file = file('4')};
  const auto secrets = LoadSecrets(settings);
  ASSERT_TRUE(secrets.ok()) << secrets.status();
  EXPECT_EQ(secrets->accepted_token_pepper.front(), '\x4f');
  for (const char same : {'1', '2', '3'}) {
    settings.accepted_token_pepper_file = file(same);
    EXPECT_THAT(std::string(LoadSecrets(settings).status().message()),
                HasSubstr("auth.accepted_token_pepper_file holds the same value"))
        << same;
  }
  settings.accepted_token_pepper_file = folder_ + "/none";
  EXPECT_THAT(std::string(LoadSecrets(settings).status().message()),
              HasSubstr("auth.accepted_token_pepper_file"));
}

TEST_F(SecretsTest, MakesAFolderOnceAndLoadsItAfter) {
  std::string secrets_folder = folder_ + "/made";
  auto made = OpenSecretsFolder(secrets_folder, /*may_create=*/true);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_NE(made->master_key, made->token_pepper);
  struct stat info;
  ASSERT_EQ(stat((secrets_folder + "/master_key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(secrets_folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  auto again = OpenSecretsFolder(secrets_folder, /*may_create=*/false);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->master_key, made->master_key);
  EXPECT_EQ(again->token_pepper, made->token_pepper);
}

TEST_F(SecretsTest, DoesNotReplaceALostSecret) {
  std::string secrets_folder = folder_ + "/made";
  ASSERT_TRUE(OpenSecretsFolder(secrets_folder, /*may_create=*/true).ok());
  fs::remove(secrets_folder + "/token_pepper");
  auto opened = OpenSecretsFolder(secrets_folder, /*may_create=*/false);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("token_pepper is missing"));
  EXPECT_FALSE(fs::exists(secrets_folder + "/token_pepper"));
}

}  // namespace
}  // namespace gatehouse::service::config
