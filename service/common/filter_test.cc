#include "service/common/filter.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace gatehouse::service {
namespace {

using Op = FilterTerm::Op;

constexpr FilterField kFields[] = {
    {.name = "username", .prefix = true},
    {.name = "state"},
    {.name = "recorded_time", .range = true},
};

TEST(FilterTest, ParsesTermsJoinedByAnd) {
  const auto terms = ParseFilter(
      R"( username = "jo\"e\\" AND state=ACTIVE AND recorded_time >= "2026-01-01T00:00:00Z" AND recorded_time<x)",
      kFields);
  ASSERT_TRUE(terms.ok()) << terms.status();
  EXPECT_EQ(*terms,
            (std::vector<FilterTerm>{{"username", Op::kEqual, "jo\"e\\"},
                                     {"state", Op::kEqual, "ACTIVE"},
                                     {"recorded_time", Op::kGreaterOrEqual, "2026-01-01T00:00:00Z"},
                                     {"recorded_time", Op::kLess, "x"}}));
}

TEST(FilterTest, AnEmptyFilterHasNoTerms) {
  EXPECT_TRUE(ParseFilter("", kFields)->empty());
  EXPECT_TRUE(ParseFilter("  \t", kFields)->empty());
}

TEST(FilterTest, ATrailingAsteriskIsAPrefix) {
  EXPECT_EQ(*ParseFilter("username = \"jo*\"", kFields),
            (std::vector<FilterTerm>{{"username", Op::kPrefix, "jo"}}));
  EXPECT_EQ(*ParseFilter("username = jo*", kFields),
            (std::vector<FilterTerm>{{"username", Op::kPrefix, "jo"}}));
  EXPECT_EQ(*ParseFilter(R"(username = "jo\*")", kFields),
            (std::vector<FilterTerm>{{"username", Op::kEqual, "jo*"}}));
}

TEST(FilterTest, BothQuotationMarksDo) {
  EXPECT_EQ(*ParseFilter("username = 'order.paid'", kFields),
            (std::vector<FilterTerm>{{"username", Op::kEqual, "order.paid"}}));
  EXPECT_EQ(*ParseFilter(R"(username = 'jo"e\'s')", kFields),
            (std::vector<FilterTerm>{{"username", Op::kEqual, "jo\"e's"}}));
  EXPECT_EQ(*ParseFilter("username = 'jo*'", kFields),
            (std::vector<FilterTerm>{{"username", Op::kPrefix, "jo"}}));
  EXPECT_EQ(*ParseFilter("username = \"it's\"", kFields),
            (std::vector<FilterTerm>{{"username", Op::kEqual, "it's"}}));
}

TEST(FilterTest, TimesNeedNoQuotationMarks) {
  EXPECT_EQ(
      *ParseFilter("recorded_time >= 2026-11-01T00:00:00+02:00 AND state = A", kFields),
      (std::vector<FilterTerm>{{"recorded_time", Op::kGreaterOrEqual, "2026-11-01T00:00:00+02:00"},
                               {"state", Op::kEqual, "A"}}));
}

TEST(FilterTest, AnAsteriskElsewhereIsAMistake) {
  EXPECT_EQ(*ParseFilter(R"(username = "a\*b")", kFields),
            (std::vector<FilterTerm>{{"username", Op::kEqual, "a*b"}}));
  for (const char* filter : {"username = \"a*b\"", "username = a*b", "username = '*a'",
                             "username = \"a**\"", "state = a*b"}) {
    EXPECT_FALSE(ParseFilter(filter, kFields).ok()) << filter;
  }
}

TEST(FilterTest, RefusesEverythingElse) {
  const std::string cases[] = {"username",
                               "username =",
                               "= x",
                               "username = \"open",
                               "username = 'open",
                               "username = \"open'",
                               "username = 'a'b'",
                               "username:a",
                               "username = a OR username = b",
                               "username = a state = b",
                               "username = a AND",
                               "username = a AND username = b",
                               "username != a",
                               "username > a",
                               "NOT username = a",
                               "(username = a)",
                               "state = act*",
                               "password = x",
                               "\"username\" = x",
                               "username = \"\xff\"",
                               std::string(4096, ' ')};
  for (const std::string& filter : cases) {
    const auto terms = ParseFilter(filter, kFields);
    ASSERT_FALSE(terms.ok()) << filter;
    EXPECT_TRUE(base::HasReason(terms.status(), base::Reason::kInvalidFilter)) << filter;
  }
}

TEST(FilterTest, NamesTheFieldsThereAre) {
  const std::string message(ParseFilter("bio = x", kFields).status().message());
  EXPECT_NE(message.find("username, state, recorded_time"), std::string::npos) << message;
}

}  // namespace
}  // namespace gatehouse::service
