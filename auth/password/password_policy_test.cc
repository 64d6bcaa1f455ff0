#include "auth/password/password_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace gatehouse::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const PasswordOwner kNobody = {};

std::vector<std::string> BrokenRules(std::string_view password, const PasswordOwner& owner) {
  const auto checked = CheckNewPassword("user.password", password, owner);
  std::vector<std::string> rules;
  if (checked.ok()) return rules;
  const auto details = base::GetErrorDetails(checked.status());
  EXPECT_EQ(details->reason, base::Reason::kPasswordPolicy);
  for (const auto& violation : details->violations) {
    EXPECT_EQ(violation.field, "user.password");
    rules.push_back(violation.description);
  }
  return rules;
}

TEST(PasswordPolicyTest, TakesAnyBytesOfGoodLength) {
  EXPECT_EQ(*CheckNewPassword("p", "12345678", kNobody), "12345678");
  EXPECT_TRUE(CheckNewPassword("p", std::string(1024, 'x'), kNobody).ok());
  EXPECT_TRUE(CheckNewPassword("p", "        ", kNobody).ok());
}

TEST(PasswordPolicyTest, RefusesTooShortAndTooLong) {
  EXPECT_THAT(BrokenRules("1234567", kNobody), ElementsAre("must have at least 8 bytes"));
  EXPECT_THAT(BrokenRules(std::string(1025, 'x'), kNobody),
              ElementsAre("must have at most 1024 bytes"));
}

TEST(PasswordPolicyTest, RefusesWhatIsNotText) {
  EXPECT_THAT(BrokenRules("passw\xff\xfford", kNobody), ElementsAre("must be UTF-8 without NUL"));
  EXPECT_THAT(BrokenRules(std::string("pass\0word", 9), kNobody),
              ElementsAre("must be UTF-8 without NUL"));
}

TEST(PasswordPolicyTest, RefusesWhatContainsTheOwnersNames) {
  EXPECT_THAT(BrokenRules("xxANNAliese1", {.username = "annaliese"}),
              ElementsAre("must not contain the username"));
  EXPECT_THAT(BrokenRules("my-Berta.M-pw", {.username = "b", .email = "berta.m@example.com"}),
              ElementsAre("must not contain the name in the email address"));
  EXPECT_THAT(BrokenRules("ANNALIES", {.username = "annalies", .email = "annalies@example.com"}),
              ElementsAre("must not contain the username",
                          "must not contain the name in the email address"));
}

TEST(PasswordPolicyTest, FoldsCaseBeyondAscii) {
  EXPECT_THAT(BrokenRules("xxJÜRGENxx", {.username = "jürgen"}),
              ElementsAre("must not contain the username"));
}

TEST(PasswordPolicyTest, ShortNamesMayOccurInPasswords) {
  EXPECT_THAT(BrokenRules("bobsleigh", {.username = "bob", .email = "b@example.com"}),
              ElementsAre());
  EXPECT_THAT(BrokenRules("bobosleigh", {.username = "bobo"}),
              ElementsAre("must not contain the username"));
}

TEST(PasswordPolicyTest, ComposesCharactersSoThatKeyboardsAgree) {
  const std::string composed = "caf\xc3\xa9-caf\xc3\xa9";
  const std::string decomposed = "cafe\xcc\x81-cafe\xcc\x81";
  EXPECT_EQ(*CheckNewPassword("p", decomposed, kNobody), composed);
  EXPECT_EQ(*NormalizePassword(decomposed), composed);
  EXPECT_EQ(*NormalizePassword(composed), composed);
}

TEST(PasswordPolicyTest, LoginsKnowOnlyWhatNoPasswordCanBe) {
  EXPECT_EQ(NormalizePassword("short"), "short");
  EXPECT_EQ(NormalizePassword(std::string(1025, 'x')), std::nullopt);
  EXPECT_EQ(NormalizePassword("\xc3\x28"), std::nullopt);
}

TEST(PasswordPolicyTest, TheErrorNeverTellsThePassword) {
  const auto refused = CheckNewPassword("p", "s3cret", kNobody);
  EXPECT_THAT(refused.status().ToString(), Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace gatehouse::auth
