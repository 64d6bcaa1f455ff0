#include "storage/canonical_json.h"

#include <string>

#include "base/text/encoding.h"
#include "gtest/gtest.h"

namespace gatehouse::storage {
namespace {

std::string Canonical(std::string_view json) { return CanonicalJson(json).value_or("malformed"); }

TEST(CanonicalJsonTest, BlanksAndOrderAndRepetitionsDisappear) {
  EXPECT_EQ(Canonical(" { \"b\" : [ 1 , true ,null ] , \"a\" : { } }\n"),
            R"({"a":{},"b":[1,true,null]})");
  EXPECT_EQ(Canonical(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
  EXPECT_EQ(Canonical(R"({"aa":1,"b":2,"":3})"), R"({"":3,"aa":1,"b":2})");
}

TEST(CanonicalJsonTest, EqualNumbersHaveOneText) {
  for (const char* text : {"100", "1e2", "1E+2", "100.0", "0.1e3", "10000e-2"}) {
    EXPECT_EQ(Canonical(text), "1e2") << text;
  }
  for (const char* text : {"0", "-0", "0.0", "-0.00", "0e5"}) EXPECT_EQ(Canonical(text), "0");
  EXPECT_EQ(Canonical("-1.50"), "-15e-1");
  EXPECT_EQ(Canonical("12345678901234567890123"), "12345678901234567890123");
  EXPECT_EQ(Canonical("0.1"), "1e-1");
}

TEST(CanonicalJsonTest, StringsHaveTheShortestEscapes) {
  EXPECT_EQ(Canonical(R"("\u0041\/\u00e9\ud83d\ude00\u001F\n\"")"),
            "\"A/\xc3\xa9\xf0\x9f\x98\x80\\u001f\\n\\\"\"");
  EXPECT_EQ(base::JsonString("a\tb\x7f"), "\"a\\tb\x7f\"");
}

TEST(CanonicalJsonTest, RefusesWhatJsonbRefuses) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "-",
                           "1e",
                           "tru",
                           "\"\\x\"",
                           "\"\\u0000\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"a",
                           "\"\n\"",
                           "1 2",
                           "NaN",
                           "\"\xff\"",
                           "\"\\u12\"",
                           "1e99999999999"}) {
    EXPECT_EQ(CanonicalJson(text), std::nullopt) << text;
  }
}

TEST(CanonicalJsonTest, RefusesWhatIsNestedTooDeeply) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(CanonicalJson(nested(kMaxJsonDepth)));
  EXPECT_FALSE(CanonicalJson(nested(kMaxJsonDepth + 2)));
  EXPECT_FALSE(CanonicalJson(std::string(1'000'000, '[')));
}

TEST(CanonicalJsonTest, ObjectYieldsItsMembersSorted) {
  const auto members = CanonicalObject(R"({"z":[1.0],"a\u0062":"x"})");
  ASSERT_TRUE(members);
  EXPECT_EQ(*members, (CanonicalMembers{{"ab", "\"x\""}, {"z", "[1]"}}));
  EXPECT_FALSE(CanonicalObject("[]"));
  EXPECT_FALSE(CanonicalObject("{} {}"));
  EXPECT_TRUE(CanonicalObject(" {} ")->empty());
}

}  // namespace
}  // namespace gatehouse::storage
