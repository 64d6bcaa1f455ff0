#include "base/text/precis.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::base {
namespace {

TEST(PrecisTest, NamesInAnyScriptStayAsTheyAre) {
  for (const char* name :
       {"kim", "J\u00f6rg", "stra\u00dfe", "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
        "\u7530\u4e2d\u592a\u90ce", "\u0905\u0928\u093f\u0932", "\u05d3\u05d5\u05d3",
        "\u0645\u062d\u0645\u062f\u0661\u0662", "a.b_c-d@e+f", "\u05d3\u05d5\u05d37", "I"}) {
    EXPECT_EQ(PrecisIdentifier(name), name);
  }
}

TEST(PrecisTest, OneFormForWhatLooksTheSame) {
  EXPECT_EQ(PrecisIdentifier("e\u0301"), "\u00e9");
  EXPECT_EQ(PrecisIdentifier("\uff2b\uff49\uff4d"), "Kim");  // Wide.
  EXPECT_EQ(PrecisIdentifier("\uff76\uff9e"), "\u30ac");     // Narrow, with its mark.
  EXPECT_EQ(PrecisIdentifier("\u212bngstr\u00f6m"), "\u00c5ngstr\u00f6m");
  EXPECT_EQ(MapWidth("\uff41\u3042"), "a\u3042");
}

TEST(PrecisTest, RefusesWhatCannotBeSeenOrToldApart) {
  for (const char* name : {"",
                           "a b",
                           "a\u00a0b",
                           "a\u200bb",
                           "\ufeffkim",
                           "a\u202eb",
                           "a\u2028b",
                           "a\u0085b",
                           "a\tb",
                           "a\x7f",
                           "a\u00adb",
                           "\u115fa",
                           "\u1100\u1161\u11a8x\u1100",
                           "\ufb01n",
                           "\u2163",
                           "a\u2044b",
                           "\U0001f600",
                           "\u2460",
                           "a\u3000b",
                           "\U000e0041",
                           "a\u034fb",
                           "\u0378",
                           "\ufffe"}) {
    EXPECT_EQ(PrecisIdentifier(name), std::nullopt) << testing::PrintToString(std::string(name));
  }
}

TEST(PrecisTest, RefusesANameThatBeginsWithACombiningMark) {
  EXPECT_EQ(PrecisIdentifier("\u0301"), std::nullopt);
  EXPECT_EQ(PrecisIdentifier("\u0301\u0302\u0303"), std::nullopt);
  EXPECT_EQ(PrecisIdentifier("\u093fa"), std::nullopt);
}

TEST(PrecisTest, SomeCharactersNeedTheRightNeighbours) {
  EXPECT_TRUE(PrecisIdentifier("l\u00b7l"));
  EXPECT_FALSE(PrecisIdentifier("a\u00b7l"));
  EXPECT_TRUE(PrecisIdentifier("\u0915\u094d\u200d\u0937"));  // After a virama.
  EXPECT_FALSE(PrecisIdentifier("\u0915\u200d\u0937"));
  EXPECT_TRUE(PrecisIdentifier("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc"));  // Between joiners.
  EXPECT_FALSE(PrecisIdentifier("a\u200cb"));
  EXPECT_FALSE(PrecisIdentifier("\u200c"));
  EXPECT_TRUE(PrecisIdentifier("\u0375\u03b1"));
  EXPECT_FALSE(PrecisIdentifier("\u0375"));
  EXPECT_TRUE(PrecisIdentifier("\u05d3\u05f3"));
  EXPECT_FALSE(PrecisIdentifier("\u05f3\u05d3"));
  EXPECT_TRUE(PrecisIdentifier("\u30a2\u30fb\u30a2"));
  EXPECT_FALSE(PrecisIdentifier("a\u30fbb"));
  EXPECT_FALSE(PrecisIdentifier("\u0627\u0661\u06f1"));  // Two kinds of digits that look alike.
}

TEST(PrecisTest, RefusesTextThatRunsInBothDirections) {
  EXPECT_FALSE(PrecisIdentifier("a\u05d3"));
  EXPECT_FALSE(PrecisIdentifier("\u05d3a"));
  EXPECT_FALSE(PrecisIdentifier("7\u05d3"));
  EXPECT_FALSE(PrecisIdentifier("\u05d3-"));
}

TEST(PrecisTest, RefusesInvalidUtf8) {
  EXPECT_EQ(PrecisIdentifier("\xff"), std::nullopt);
  EXPECT_EQ(PrecisIdentifier("a\xc3"), std::nullopt);
  EXPECT_EQ(MapWidth("\xff"), std::nullopt);
}

TEST(PrecisTest, IsStableUnderRepetition) {
  for (const char* name : {"\uff2b\uff49\uff4d", "e\u0301", "\uff76\uff9e", "l\u00b7l"}) {
    const std::optional<std::string> once = PrecisIdentifier(name);
    ASSERT_TRUE(once);
    EXPECT_EQ(PrecisIdentifier(*once), once);
  }
}

}  // namespace
}  // namespace gatehouse::base
