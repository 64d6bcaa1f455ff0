#include "base/text/unicode.h"

#include <gtest/gtest.h>

namespace gatehouse::base {
namespace {

TEST(UnicodeTest, NfcComposes) {
  EXPECT_EQ(NormalizeNfc("e\u0301"), "\u00e9");
  EXPECT_EQ(NormalizeNfc("plain"), "plain");
}

TEST(UnicodeTest, CaselessKeyIgnoresCaseAndForm) {
  EXPECT_EQ(CaselessKey("JOS\u00c9"), CaselessKey("jose\u0301"));
  EXPECT_EQ(CaselessKey("Stra\u00dfe"), CaselessKey("STRASSE"));
  EXPECT_EQ(CaselessKey("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2"),
            CaselessKey("\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3"));
  EXPECT_NE(CaselessKey("a"), CaselessKey("b"));
}

TEST(UnicodeTest, InvalidUtf8HasNoForm) {
  EXPECT_EQ(NormalizeNfc("\xff"), std::nullopt);
  EXPECT_EQ(CaselessKey("a\xc3"), std::nullopt);
  EXPECT_EQ(CountCodePoints("\xff"), 0u);
}

TEST(UnicodeTest, CountsCharactersNotBytes) { EXPECT_EQ(CountCodePoints("\u00e9\U0001f600x"), 3u); }

}  // namespace
}  // namespace gatehouse::base
