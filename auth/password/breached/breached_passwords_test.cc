#include "auth/password/breached/breached_passwords.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "auth/password/breached/breached_file.h"
#include "auth/password/breached/build_breached_file.h"
#include "base/status.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::auth {
namespace {

using ::testing::HasSubstr;

class BreachedPasswordsTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  absl::StatusOr<BreachedResult> Build(const std::string& list, uint64_t min_count = 1) const {
    return BuildBreachedFile(
        {.input = Write("list", list), .output = Path("out"), .min_count = min_count});
  }
  std::unique_ptr<BreachedPasswords> Open() const {
    auto opened = BreachedPasswords::Open("auth.breached_passwords_file", Path("out"));
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  std::string WhyNotOpened(const std::string& path) const {
    const auto opened = BreachedPasswords::Open("auth.breached_passwords_file", path);
    EXPECT_TRUE(base::HasReason(opened.status(), base::Reason::kInvalidField));
    return std::string(opened.status().message());
  }

  const std::string folder_ = std::string(::testing::TempDir()) + "/" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

// As Have I Been Pwned gives them out, sorted: "password1" and "correct horse battery staple".
constexpr char kHashes[] =
    "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:3\r\n"
    "E38AD214943DAAD1D64C102FAEC29DE4AFE9DA3D:2413945\r\n";

TEST_F(BreachedPasswordsTest, FindsThePasswordsOfAListOfHashes) {
  const auto built = Build(kHashes);
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_EQ(built->entries, 2u);
  EXPECT_EQ(built->bytes, std::filesystem::file_size(Path("out")));
  const auto list = Open();
  EXPECT_EQ(list->size(), 2u);
  EXPECT_TRUE(list->Look("password1"));
  EXPECT_TRUE(list->Look("correct horse battery staple"));
  EXPECT_FALSE(list->Look("password2"));
  EXPECT_FALSE(list->Look(""));
}

TEST_F(BreachedPasswordsTest, AnswersOnTheLoopOfTheCall) {
  ASSERT_TRUE(Build(kHashes).ok());
  const auto list = Open();
  tests::LoopRunner runner;
  const auto contains = [&](const std::string& password) {
    return *runner.Run<absl::StatusOr<bool>>(
        [&] { return list->Contains(runner.Context(), password); });
  };
  EXPECT_TRUE(contains("password1"));
  EXPECT_FALSE(contains("password2"));
}

TEST_F(BreachedPasswordsTest, TakesPlainPasswordsInAnyOrder) {
  // The second one is written in decomposed form; the last is there twice.
  ASSERT_TRUE(Build("zebra stripes\ncafe\xcc\x81 au lait\nabc\n\n\xff\xfe\nabc").ok());
  const auto list = Open();
  EXPECT_EQ(list->size(), 3u);
  EXPECT_TRUE(list->Look("zebra stripes"));
  EXPECT_TRUE(list->Look("caf\xc3\xa9 au lait")) << "in the form that passwords are looked up in";
  EXPECT_TRUE(list->Look("abc"));
  EXPECT_FALSE(list->Look("zebra"));
}

TEST_F(BreachedPasswordsTest, LeavesOutWhatWasSeenRarely) {
  const auto built = Build(kHashes, 4);
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_EQ(built->entries, 1u);
  const auto list = Open();
  EXPECT_TRUE(list->Look("password1"));
  EXPECT_FALSE(list->Look("correct horse battery staple"));
}

// Whatever the number of buckets: nothing of the list is lost, and hardly anything else found.
TEST_F(BreachedPasswordsTest, FindsAllOfListsOfEachSize) {
  for (const int size : {0, 1, 63, 64, 65, 129, 1'000, 20'000}) {
    std::string text;
    for (int i = 0; i < size; ++i) text += "password number " + std::to_string(i) + "\n";
    const auto built = Build(text);
    ASSERT_TRUE(built.ok()) << built.status();
    ASSERT_EQ(built->entries, static_cast<uint64_t>(size));
    const auto list = Open();
    for (int i = 0; i < size; ++i) {
      ASSERT_TRUE(list->Look("password number " + std::to_string(i))) << size << ": " << i;
    }
    int found = 0;
    for (int i = 0; i < 20'000; ++i) found += list->Look("another one " + std::to_string(i));
    // Of 20,000 one of 262,144 each: 0.08 expected.
    EXPECT_LE(found, 3) << size;
  }
}

TEST_F(BreachedPasswordsTest, SortedListsAndOthersMakeTheSameFile) {
  ASSERT_TRUE(Build(kHashes).ok());
  const auto read = [&] {
    std::ifstream file(Path("out"), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string sorted = read();
  const std::string lines = kHashes;
  const size_t second = lines.find('\n') + 1;
  ASSERT_TRUE(Build(lines.substr(second) + lines.substr(0, second)).ok());
  EXPECT_EQ(read(), sorted);
}

TEST_F(BreachedPasswordsTest, RefusesListsThatAreNone) {
  const auto mixed = Build(std::string(kHashes) + "not a hash\n");
  EXPECT_THAT(std::string(mixed.status().message()), HasSubstr("line 3"));
  EXPECT_FALSE(std::filesystem::exists(Path("out"))) << "nor leaves anything behind";
  EXPECT_FALSE(std::filesystem::exists(Path("out.new")));
  const auto missing = BuildBreachedFile({.input = Path("none"), .output = Path("out")});
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("cannot be read"));
  const auto nowhere =
      BuildBreachedFile({.input = Write("list", kHashes), .output = Path("no/such/folder/out")});
  EXPECT_THAT(std::string(nowhere.status().message()), HasSubstr("cannot be written"));
}

TEST_F(BreachedPasswordsTest, RefusesFilesThatAreNone) {
  EXPECT_THAT(WhyNotOpened(Path("none")), HasSubstr("No such file"));
  EXPECT_THAT(WhyNotOpened(folder_), HasSubstr("is no file that"));
  EXPECT_THAT(WhyNotOpened(Write("x", "")), HasSubstr("is no file that"));
  EXPECT_THAT(WhyNotOpened(Write("x", std::string(100, 'x'))), HasSubstr("is no file that"));
  ASSERT_TRUE(Build(kHashes).ok());
  std::filesystem::resize_file(Path("out"), std::filesystem::file_size(Path("out")) - 1);
  EXPECT_THAT(WhyNotOpened(Path("out")), HasSubstr("is not complete"));
}

TEST_F(BreachedPasswordsTest, OffsetsThatLieAreNotFollowed) {
  ASSERT_TRUE(Build(kHashes).ok());
  {
    std::fstream file(Path("out"), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(kBreachedHeaderBytes);
    file.write("\xff\xff\xff\x7f\xff\xff\xff\xff", 8);
  }
  const auto list = Open();
  EXPECT_FALSE(list->Look("password1"));
}

}  // namespace
}  // namespace gatehouse::auth
