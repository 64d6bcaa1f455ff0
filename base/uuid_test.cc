#include "base/uuid.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace gatehouse::base {
namespace {

TEST(UuidTest, ParsesAndPrintsTheCanonicalForm) {
  const auto id = Uuid::Parse("0190A000-0000-7000-8000-00000000abCD");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->ToString(), "0190a000-0000-7000-8000-00000000abcd");
  EXPECT_EQ(Uuid::FromBytes(id->bytes()), id);
  EXPECT_FALSE(id->is_nil());
  EXPECT_TRUE(Uuid().is_nil());
}

TEST(UuidTest, RefusesEverythingElse) {
  for (const char* text :
       {"", "0190a000-0000-7000-8000-00000000abc", "0190a000-0000-7000-8000-00000000abcde",
        "{0190a00-0000-7000-8000-00000000abcd}", "0190a0000000700080000000000000abcd00",
        "0190a000-0000-7000-8000-00000000abcg", "0190a000-0000-7000-8000_00000000abcd",
        "0190a000-0000-7000-800--00000000abcd", "0190a000-0000-7000-8000-00000000ab d"}) {
    EXPECT_FALSE(Uuid::Parse(text).has_value()) << text;
  }
  EXPECT_FALSE(Uuid::FromBytes("short").has_value());
}

TEST(UuidTest, V7HasItsVersionVariantAndTime) {
  // The example of RFC 9562, appendix A.6.
  const Time time = TimeFromMicros(1'645'557'742'000'000);
  const Uuid id = Uuid::MakeV7(time);
  const std::string text = id.ToString();
  EXPECT_EQ(text.substr(0, 15), "017f22e2-79b0-7");
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
  EXPECT_EQ(id.v7_time(), time);
  EXPECT_GE(id, Uuid::MinV7(time));
  EXPECT_LT(id, Uuid::MinV7(time + std::chrono::milliseconds(1)));
}

TEST(UuidTest, V7AscendsWithinAMillisecondAndNeverRepeats) {
  const Time time = TimeFromMicros(1'700'000'000'000'999);
  std::set<Uuid> seen;
  Uuid last;
  for (int i = 0; i < 10000; ++i) {
    const Uuid id = Uuid::MakeV7(time);
    ASSERT_LT(last, id);
    ASSERT_EQ(id.v7_time(), TimeFromMicros(1'700'000'000'000'000));
    last = id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 10000u);
}

TEST(UuidTest, V7IsUniqueAcrossThreads) {
  const Time time = TimeFromMicros(1'700'000'001'000'000);
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& ids : made) {
    threads.emplace_back([&ids, time] {
      for (int i = 0; i < 2000; ++i) ids.push_back(Uuid::MakeV7(time));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Uuid> seen;
  for (const auto& ids : made) seen.insert(ids.begin(), ids.end());
  EXPECT_EQ(seen.size(), 8000u);
}

}  // namespace
}  // namespace gatehouse::base
