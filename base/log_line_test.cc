#include "base/log_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatehouse::base {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override { SetLogLevel(LogLevel::kInfo); }

  std::vector<std::string> lines_;
  ScopedLogCapture capture_{[this](const std::string& line) { lines_.push_back(line); }};
};

TEST_F(LogTest, WritesOneJsonObjectPerLine) {
  LogLine(LogLevel::kInfo, "listening",
          {{"port", 5}, {"ratio", 0.5}, {"tls", true}, {"address", "::1"}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_THAT(lines_[0], StartsWith("{\"time\":\"2"));
  EXPECT_THAT(lines_[0], EndsWith("\"level\":\"info\",\"msg\":\"listening\",\"port\":5,"
                                  "\"ratio\":0.500,\"tls\":true,\"address\":\"::1\"}"));
}

TEST_F(LogTest, EscapesWhatWouldBreakTheLine) {
  LogLine(LogLevel::kInfo, "a\"b\\c\nd", {{"k", std::string("\x01\xff", 2)}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_THAT(lines_[0], HasSubstr("\"msg\":\"a\\\"b\\\\c\\nd\",\"k\":\"\\u0001?\""));
}

TEST_F(LogTest, DropsLinesBelowTheLevel) {
  SetLogLevel(LogLevel::kWarning);
  LogLine(LogLevel::kInfo, "no");
  LogLine(LogLevel::kWarning, "yes");
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("yes")));
}

TEST_F(LogTest, EachLevelHasItsNameAndDropsThoseBelow) {
  constexpr LogLevel kLevels[] = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning,
                                  LogLevel::kError};
  const std::vector<std::string> names = {"debug", "info", "warning", "error"};
  for (size_t lowest = 0; lowest < names.size(); ++lowest) {
    lines_.clear();
    SetLogLevel(kLevels[lowest]);
    for (const LogLevel level : kLevels) {
      EXPECT_EQ(LogEnabled(level), level >= kLevels[lowest]);
      LogLine(level, "line");
    }
    ASSERT_EQ(lines_.size(), names.size() - lowest);
    for (size_t i = 0; i < lines_.size(); ++i) {
      EXPECT_THAT(lines_[i], HasSubstr("\"level\":\"" + names[lowest + i] + "\""));
    }
  }
}

TEST(LogLevelTest, ParsesTheNamesOfTheConfiguration) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("info"), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("loud"), std::nullopt);
  EXPECT_EQ(ParseLogLevel(""), std::nullopt);
  EXPECT_EQ(ParseLogLevel("Info"), std::nullopt);
}

TEST(FlushLogTest, ReturnsOnceTheLineStandsOnStandardError) {
  testing::internal::CaptureStderr();
  LogLine(LogLevel::kError, "written before the end");
  FlushLogLines();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("written before the end"));
}

}  // namespace
}  // namespace gatehouse::base
