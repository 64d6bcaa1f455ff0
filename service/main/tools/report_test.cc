#include "service/main/tools/report.h"

#include <gtest/gtest.h>

#include <sstream>

namespace gatehouse::service {
namespace {

TEST(ReportTest, PeopleGetSentencesAndProgramsGetObjects) {
  std::ostringstream text;
  Report(text, Report::Format::kText).Line("Two keys.", JsonObject().AddNumber("keys", 2));
  EXPECT_EQ(text.str(), "Two keys.\n");
  std::ostringstream json;
  Report(json, Report::Format::kJson).Line("Two keys.", JsonObject().AddNumber("keys", 2));
  EXPECT_EQ(json.str(), "{\"keys\":2}\n");
}

TEST(ReportTest, ProgressOnATerminalIsOneLineThatGoesAway) {
  std::ostringstream out;
  Report report(out, Report::Format::kText, /*terminal=*/true);
  report.Progress("1 of 2", JsonObject());
  report.Progress("2 of 2", JsonObject());
  report.Line("Done.", JsonObject());
  EXPECT_EQ(out.str(), "1 of 2\r\x1b[K2 of 2\r\x1b[KDone.\n");
}

TEST(ReportTest, ProgressOffATerminalIsALineEach) {
  std::ostringstream text;
  Report(text, Report::Format::kText).Progress("1 of 2", JsonObject());
  EXPECT_EQ(text.str(), "1 of 2\n");
  std::ostringstream json;
  Report(json, Report::Format::kJson, /*terminal=*/true)
      .Progress("1 of 2", JsonObject().AddNumber("done", 1));
  EXPECT_EQ(json.str(), "{\"done\":1}\n");
}

TEST(ReportTest, BytesAreToldInUnitsThatFit) {
  EXPECT_EQ(BytesText(0), "0 bytes");
  EXPECT_EQ(BytesText(1023), "1023 bytes");
  EXPECT_EQ(BytesText(1536), "1.5 KiB");
  EXPECT_EQ(BytesText(int64_t{3} << 30), "3.0 GiB");
}

}  // namespace
}  // namespace gatehouse::service
