#include "service/common/page_token.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "base/manual_clock.h"
#include "base/status.h"
#include "service/common/page_size.h"

namespace gatehouse::service {
namespace {

class PageTokenTest : public testing::Test {
 protected:
  void ExpectInvalid(const PageTokens& tokens, const PageScope& scope, std::string_view token) {
    const auto position = tokens.Open(scope, token);
    ASSERT_FALSE(position.ok()) << token;
    EXPECT_TRUE(base::HasReason(position.status(), base::Reason::kInvalidPageToken));
  }

  base::ManualClock clock_{base::TimeFromMicros(1'700'000'000'000'000)};
  PageTokens tokens_{"secret", clock_};
  const PageScope scope_{"/a/List", base::kDefaultTenantId, {"filter", "order"}};
};

TEST_F(PageTokenTest, OpensWhatItMade) {
  const std::string token = tokens_.Make(scope_, {"123", "", std::string("\0x", 2)});
  const auto position = tokens_.Open(scope_, token);
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(*position, (std::vector<std::string>{"123", "", std::string("\0x", 2)}));
}

TEST_F(PageTokenTest, TellsTheKeyOfTheLastRowOrThatThereIsNone) {
  EXPECT_EQ(*tokens_.TextBehind(scope_, ""), "");
  EXPECT_EQ(*tokens_.TextBehind(scope_, tokens_.Make(scope_, {"name"})), "name");
  EXPECT_EQ(*tokens_.IdBehind(scope_, ""), std::nullopt);
  EXPECT_EQ(*tokens_.IdBehind(scope_, tokens_.Make(scope_, {base::kDefaultTenantId.ToString()})),
            base::kDefaultTenantId);
  EXPECT_TRUE(
      base::HasReason(tokens_.TextBehind(scope_, "x").status(), base::Reason::kInvalidPageToken));
  EXPECT_TRUE(
      base::HasReason(tokens_.IdBehind(scope_, "x").status(), base::Reason::kInvalidPageToken));
}

TEST_F(PageTokenTest, HidesThePosition) {
  EXPECT_EQ(tokens_.Make(scope_, {"secretname"}).find("secretname"), std::string::npos);
  EXPECT_NE(tokens_.Make(scope_, {"a"}), tokens_.Make(scope_, {"a"}));
}

TEST_F(PageTokenTest, RefusesAnotherQueryMethodOrTenant) {
  const std::string token = tokens_.Make(scope_, {"1"});
  PageScope other = scope_;
  other.query = {"filter2", "order"};
  ExpectInvalid(tokens_, other, token);
  other.query = {"filtero", "rder"};  // The same bytes, divided elsewhere.
  ExpectInvalid(tokens_, other, token);
  other = scope_;
  other.method = "/b/List";
  ExpectInvalid(tokens_, other, token);
  other = scope_;
  other.tenant_id = base::Uuid();
  ExpectInvalid(tokens_, other, token);
}

TEST_F(PageTokenTest, RefusesEveryChangedCharacter) {
  const std::string token = tokens_.Make(scope_, {"1"});
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    ExpectInvalid(tokens_, scope_, changed);
  }
  ExpectInvalid(tokens_, scope_, token.substr(1));
  ExpectInvalid(tokens_, scope_, token + "AAAA");
  ExpectInvalid(tokens_, scope_, "not base64!");
  ExpectInvalid(tokens_, scope_, std::string(100000, 'A'));
}

TEST_F(PageTokenTest, RefusesATokenOfAnotherServersSecret) {
  ExpectInvalid(PageTokens("other", clock_), scope_, tokens_.Make(scope_, {"1"}));
}

TEST_F(PageTokenTest, WhileThePepperIsChangedBothAreTakenAndTheFirstMakes) {
  const PageTokens after({"next", "secret"}, clock_);
  EXPECT_TRUE(after.Open(scope_, tokens_.Make(scope_, {"1"})).ok());
  const std::string made = after.Make(scope_, {"1"});
  EXPECT_TRUE(PageTokens("next", clock_).Open(scope_, made).ok());
  ExpectInvalid(tokens_, scope_, made);
}

TEST_F(PageTokenTest, ExpiresAfterADay) {
  const std::string token = tokens_.Make(scope_, {"1"});
  clock_.Advance(std::chrono::hours(24));
  EXPECT_TRUE(tokens_.Open(scope_, token).ok());
  clock_.Advance(std::chrono::seconds(1));
  ExpectInvalid(tokens_, scope_, token);
}

TEST(PageSizeTest, CoercesAndRefusesNegatives) {
  EXPECT_EQ(*PageSize(0), 50);
  EXPECT_EQ(*PageSize(7), 7);
  EXPECT_EQ(*PageSize(1000000), 1000);
  EXPECT_TRUE(base::HasReason(PageSize(-1).status(), base::Reason::kInvalidField));
}

}  // namespace
}  // namespace gatehouse::service
