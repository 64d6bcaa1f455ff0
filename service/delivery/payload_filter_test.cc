#include "service/delivery/payload_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/status.h"

namespace gatehouse::service::delivery {
namespace {

using testing::HasSubstr;

constexpr char kField[] = "endpoint.payload_filter";

bool Matches(const std::string& filter, const std::string& data) {
  const auto parsed = PayloadFilter::Parse(filter, kField);
  EXPECT_TRUE(parsed.ok()) << filter << " " << parsed.status();
  return parsed.ok() && parsed->Matches(nlohmann::json::parse(data));
}

std::string WhatIsWrong(const std::string& filter) {
  const auto parsed = PayloadFilter::Parse(filter, kField);
  EXPECT_FALSE(parsed.ok()) << filter;
  EXPECT_TRUE(base::HasReason(parsed.status(), base::Reason::kInvalidFilter));
  EXPECT_EQ(base::GetErrorDetails(parsed.status())->violations.at(0).field, kField);
  return std::string(parsed.status().message());
}

struct Case {
  std::string filter;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(PayloadFilterTest, ComparesFields) {
  const std::vector<Case> cases = {
      {"", {"{}", "[]"}, {}},
      {"  ", {"{}"}, {}},
      {R"(data.currency = "EUR")",
       {R"({"currency": "EUR"})"},
       {R"({"currency": "USD"})", R"({"currency": ["EUR"]})", "{}", "[]", R"({"currency": null})"}},
      {"data.currency = EUR", {R"({"currency": "EUR"})"}, {"{}"}},
      {"data.amount = 100",
       {R"({"amount": 100})", R"({"amount": 1e2})"},
       {R"({"amount": "100"})", R"({"amount": 100.5})"}},
      {"data.amount = '100'", {R"({"amount": "100"})"}, {R"({"amount": 100})"}},
      {"data.amount >= 100",
       {R"({"amount": 100})", R"({"amount": 100.5})"},
       {R"({"amount": 99})", R"({"amount": "200"})", "{}", R"({"amount": null})"}},
      {"data.a > -1.5 AND data.a < 2", {R"({"a": 0})"}, {R"({"a": -1.5})", R"({"a": 2})"}},
      {"data.a <= 2", {R"({"a": 2})"}, {R"({"a": 3})"}},
      {"data.t >= 2026-11-30T00:00:00Z",
       {R"({"t": "2026-12-01T00:00:00Z"})"},
       {R"({"t": "2026-11-29T00:00:00Z"})", R"({"t": 5})"}},
      {"data.paid = true", {R"({"paid": true})"}, {R"({"paid": 1})", R"({"paid": "true"})"}},
      {"data.paid = false",
       {R"({"paid": false})"},
       {R"({"paid": true})", R"({"paid": "false"})", "{}"}},
      {"data.paid = 'true'", {R"({"paid": "true"})"}, {R"({"paid": true})"}},
      {R"(data.a = "")", {R"({"a": ""})"}, {R"({"a": "x"})", "{}"}},
      // What is no number of JSON's is text.
      {"data.a = inf", {R"({"a": "inf"})"}, {R"({"a": 1})"}},
      {"data.a = 1e999", {R"({"a": "1e999"})"}, {R"({"a": 1})"}},
      {"data.a > b", {R"({"a": "c"})"}, {R"({"a": "b"})", R"({"a": "a"})", R"({"a": 1})"}},
      {"data.a < b", {R"({"a": "a"})"}, {R"({"a": "b"})", R"({"a": "c"})", R"({"a": 1})"}},
      {"data.a = *", {R"({"a": ""})", R"({"a": "x"})"}, {R"({"a": 0})", "{}"}},
      {"data.a = null", {R"({"a": null})"}, {"{}", R"({"a": 0})"}},
      {"data.a != 1", {R"({"a": 2})", "{}", R"({"a": "1"})"}, {R"({"a": 1})"}},
      {"data.a.b.c = 1",
       {R"({"a": {"b": {"c": 1}}})"},
       {R"({"a": {"b": 1}})", R"({"a": [{"b": 1}]})"}},
      {R"(data."a b".c = 1)", {R"({"a b": {"c": 1}})"}, {"{}"}},
      {R"(data.a."b.c" = 1)", {R"({"a": {"b.c": 1}})"}, {R"({"a": {"b": {"c": 1}}})"}},
      {R"(data.name = "kim*")",
       {R"({"name": "kimberly"})"},
       {R"({"name": "jo"})", R"({"name": 1})"}},
      {R"(data.name != "kim*")", {R"({"name": "jo"})"}, {R"({"name": "kimberly"})"}},
      {R"(data.name = "kim\*")", {R"({"name": "kim*"})"}, {R"({"name": "kimberly"})"}},
      {R"(data.name = "a\"b")", {R"({"name": "a\"b"})"}, {R"({"name": "ab"})"}},
  };
  for (const Case& test : cases) {
    for (const std::string& data : test.good)
      EXPECT_TRUE(Matches(test.filter, data)) << test.filter << data;
    for (const std::string& data : test.bad)
      EXPECT_FALSE(Matches(test.filter, data)) << test.filter << data;
  }
}

TEST(PayloadFilterTest, LooksIntoWhatHasSomething) {
  const std::vector<Case> cases = {
      {R"(data.tags:"x")",
       {R"({"tags": ["y", "x"]})", R"({"tags": {"x": 1}})", R"({"tags": "x"})"},
       {R"({"tags": ["y"]})", R"({"tags": []})", "{}", R"({"tags": {"y": "x"}})",
        R"({"tags": "xy"})"}},
      {"data.tags:x*", {R"({"tags": ["xy"]})", R"({"tags": {"xy": 1}})"}, {R"({"tags": ["y"]})"}},
      {"data.a:1", {R"({"a": [2, 1]})", R"({"a": 1})"}, {R"({"a": ["1"]})"}},
      {"data.a:*", {R"({"a": 0})", R"({"a": []})", R"({"a": false})"}, {R"({"a": null})", "{}"}},
      {R"(data.a:"*")", {R"({"a": ""})", R"({"a": ["x"]})"}, {R"({"a": 0})", R"({"a": [1]})"}},
      {"data.items.sku:x",
       {R"({"items": [{"sku": "y"}, {"sku": "x"}]})", R"({"items": {"sku": "x"}})",
        R"({"items": [[{"sku": ["x"]}]]})"},
       {R"({"items": [{"sku": "y"}]})", R"({"items": []})"}},
  };
  for (const Case& test : cases) {
    for (const std::string& data : test.good)
      EXPECT_TRUE(Matches(test.filter, data)) << test.filter << data;
    for (const std::string& data : test.bad)
      EXPECT_FALSE(Matches(test.filter, data)) << test.filter << data;
  }
}

TEST(PayloadFilterTest, CombinesTerms) {
  const std::string both = "data.a = 1 AND data.b = 1";
  EXPECT_TRUE(Matches(both, R"({"a": 1, "b": 1})"));
  EXPECT_FALSE(Matches(both, R"({"a": 1})"));
  const std::string either = "data.a = 1 OR data.b = 1 OR data.c = 1";
  EXPECT_TRUE(Matches(either, R"({"c": 1})"));
  EXPECT_FALSE(Matches(either, R"({"a": 2})"));
  EXPECT_TRUE(Matches("NOT data.a = 1", "{}"));
  EXPECT_FALSE(Matches("NOT data.a = 1", R"({"a": 1})"));
  EXPECT_TRUE(Matches("NOT NOT data.a = 1", R"({"a": 1})"));
  const std::string mixed = "(data.a = 1 OR data.b = 1)AND NOT(data.c:* OR data.d:*)";
  EXPECT_TRUE(Matches(mixed, R"({"b": 1})"));
  EXPECT_FALSE(Matches(mixed, R"({"b": 1, "d": 1})"));
  EXPECT_FALSE(Matches(mixed, R"({})"));
}

TEST(PayloadFilterTest, SaysWhereItWentWrong) {
  EXPECT_THAT(WhatIsWrong("amount = 1"), HasSubstr("at byte 0: expected a field of the data"));
  EXPECT_THAT(WhatIsWrong("data = 1"), HasSubstr("at byte 0"));
  EXPECT_THAT(WhatIsWrong("database.a = 1"), HasSubstr("at byte 0"));
  EXPECT_THAT(WhatIsWrong("data..a = 1"), HasSubstr("between two dots"));
  EXPECT_THAT(WhatIsWrong("data. = 1"), HasSubstr("at byte 5: expected a name"));
  EXPECT_THAT(WhatIsWrong("data.\"\" = 1"), HasSubstr("at byte 5: expected a name"));
  EXPECT_THAT(WhatIsWrong("data.\"a\"b = 1"), HasSubstr("a dot after the name"));
  EXPECT_THAT(WhatIsWrong("data.a"), HasSubstr("at byte 6: expected one of"));
  EXPECT_THAT(WhatIsWrong("data.a = "), HasSubstr("at byte 9: expected a value"));
  EXPECT_THAT(WhatIsWrong("data.a = 'b"), HasSubstr("closing quotation mark"));
  EXPECT_THAT(WhatIsWrong("data.a = 1 data.b = 1"), HasSubstr("at byte 11: expected AND or OR"));
  EXPECT_THAT(WhatIsWrong("data.a = 1 AND"), HasSubstr("at byte 14"));
  EXPECT_THAT(WhatIsWrong("(data.a = 1"), HasSubstr("at byte 11: expected AND, OR or )"));
  EXPECT_THAT(WhatIsWrong("data.a = 1)"), HasSubstr("at byte 10: expected AND, OR or the end"));
  EXPECT_THAT(WhatIsWrong("data.a = 1 AND data.b = 1 OR data.c = 1"),
              HasSubstr("at byte 26: put parentheses"));
  EXPECT_THAT(WhatIsWrong("data.a > true"), HasSubstr("at byte 7"));
  EXPECT_THAT(WhatIsWrong("data.a <= null"), HasSubstr("at byte 7"));
  EXPECT_THAT(WhatIsWrong("data.a = a*b"), HasSubstr("asterisk"));
  EXPECT_THAT(WhatIsWrong("data.a < b*"), HasSubstr("begins with"));
  EXPECT_THAT(WhatIsWrong("data.a = \"\xff\""), HasSubstr("UTF-8"));
}

TEST(PayloadFilterTest, IsBounded) {
  std::string terms = "data.a = 1";
  for (int i = 1; i < PayloadFilter::kMaxTerms; ++i) terms += " OR data.a = 1";
  EXPECT_TRUE(Matches(terms, R"({"a": 1})"));
  EXPECT_THAT(WhatIsWrong(terms + " OR data.a = 1"), HasSubstr("16 terms"));
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '(') + "data.a = 1" +
           std::string(static_cast<size_t>(depth), ')');
  };
  EXPECT_TRUE(Matches(nested(PayloadFilter::kMaxDepth), R"({"a": 1})"));
  EXPECT_THAT(WhatIsWrong(nested(PayloadFilter::kMaxDepth + 1)), HasSubstr("8 levels"));
  std::string nots;
  for (int i = 0; i < 100; ++i) nots += "NOT ";
  EXPECT_THAT(WhatIsWrong(nots + "data.a = 1"), HasSubstr("8 levels"));
  const std::string longest(PayloadFilter::kMaxBytes - std::string_view("data.a = ").size(), 'x');
  EXPECT_TRUE(Matches("data.a = " + longest, R"({"a": ")" + longest + "\"}"));
  EXPECT_THAT(WhatIsWrong("data.a = x" + longest), HasSubstr("1,024 bytes"));
  std::string names = "data";
  for (int i = 0; i < 16; ++i) names += ".a";
  EXPECT_FALSE(Matches(names + " = 1", "{}"));
  EXPECT_THAT(WhatIsWrong(names + ".a = 1"), HasSubstr("16 levels"));
}

}  // namespace
}  // namespace gatehouse::service::delivery
