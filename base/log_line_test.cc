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

TEST(LogLevelTest, ParsesTheNamesOfTheConfiguration) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("loud"), std::nullopt);
}

TEST(FlushLogTest, ReturnsOnceTheLineStandsOnStandardError) {
  testing::internal::CaptureStderr();
  LogLine(LogLevel::kError, "written before the end");
  FlushLogLines();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("written before the end"));
}

}  // namespace
}  // namespace gatehouse::base
