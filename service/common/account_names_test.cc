#include "service/common/account_names.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::service {
namespace {

std::optional<AccountName> Username(std::string_view text) {
  FieldChecks checks;
  const std::optional<AccountName> name = ReadUsername("username", text, checks);
  EXPECT_EQ(name.has_value(), checks.ok()) << text;
  return name;
}

std::optional<AccountName> Email(std::string_view text) {
  FieldChecks checks;
  const std::optional<AccountName> name = ReadEmail("email", text, checks);
  EXPECT_EQ(name.has_value(), checks.ok()) << text;
  return name;
}

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(AccountNamesTest, LengthsCountAfterNormalisation) {
  // Four bytes each; and two characters that become one.
  const std::string longest = Repeat("\U00020000", 64);
  EXPECT_TRUE(Username(longest));
  EXPECT_EQ(AccountKey(longest), Username(longest)->key);
  EXPECT_TRUE(Username(Repeat("e\u0301", 64)));
  EXPECT_FALSE(Username(Repeat("\u00e9", 65)));
  EXPECT_FALSE(Username(""));
  // One character that becomes two, in 80 times three bytes.
  EXPECT_FALSE(Email(Repeat("\u0958", 80) + "@b.in"));
  EXPECT_TRUE(Email(Repeat("\u0958", 40) + "@b.in"));
  EXPECT_TRUE(Email("a@" + Repeat(std::string(61, 'b') + ".", 4) + "de"));
  EXPECT_FALSE(Email(Repeat("a", 10) + "@" + Repeat(std::string(61, 'b') + ".", 4) + "de"));
}

TEST(AccountNamesTest, RefusesWhatLooksLikeAnother) {
  for (const char* hidden : {"\u200b", "\ufeff", "\u202e", "\u00a0", "\u2028", "\u0085", " ", "\t",
                             "\u00ad", "\u2066", "\u180e"}) {
    EXPECT_FALSE(Email("kim" + std::string(hidden) + "@example.com"));
    EXPECT_FALSE(Email("kim" + std::string(hidden) + "lee@example.com"));
    EXPECT_FALSE(Username("kim" + std::string(hidden) + "lee"));
  }
  EXPECT_FALSE(Username("\u0301\u0302"));
  EXPECT_FALSE(Username("a/b"));
  EXPECT_FALSE(Username("a\"b"));
}

TEST(AccountNamesTest, ADomainInBothFormsIsOneAddress) {
  EXPECT_EQ(Email("kim@m\u00fcller.example")->key, Email("Kim@xn--mller-kva.EXAMPLE")->key);
  EXPECT_EQ(Email("kim@xn--mller-kva.example")->text, "kim@m\u00fcller.example");
  EXPECT_NE(Email("kim@stra\u00dfe.example")->key, Email("kim@strasse.example")->key);
  EXPECT_EQ(AccountKey("KIM@xn--mller-kva.example"), Email("kim@m\u00fcller.example")->key);
}

TEST(AccountNamesTest, ShowsAnAddressAsItWasWritten) {
  EXPECT_EQ(Email("Kim@Example.COM")->text, "Kim@Example.COM");
  EXPECT_EQ(Email("Kim@Example.COM")->key, "kim@example.com");
  EXPECT_EQ(Username("J\u00f6rg")->text, "J\u00f6rg");
  EXPECT_EQ(Username("\uff2b\uff49\uff4d")->text, "Kim");
  EXPECT_EQ(AccountKey("\uff2b\uff49\uff4d"), "kim");
}

TEST(AccountNamesTest, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "kim", "@b", "kim@", "a@b@c", "a@b.", "a@.b", "a@-b", "a b@c",
                           "a@b c", "\xff@b", "a@[1.2.3.4]"}) {
    EXPECT_FALSE(Email(text)) << text;
  }
}

TEST(AccountNamesTest, AUsernameLikeAnAddressHasItsKey) {
  EXPECT_EQ(Username("Kim@m\u00fcller.example")->key, Email("kim@xn--mller-kva.example")->key);
}

TEST(AccountNamesTest, PrefixesAreNotNamesYet) {
  for (const char* text : {"ki", "kim@", "kim@ex.", "\u05d3-", "KIM@m\u00dcl", "kim@I\u2764"}) {
    EXPECT_TRUE(MayBeginName(text)) << text;
  }
  for (const char* text : {"", " ", "a b", "a\u200b", "\xff", "I\u2764", "I\u2764@a",
                           "kim@a\u2764 b", "kim@\u2764\xff", "@\u2764"}) {
    EXPECT_FALSE(MayBeginName(text)) << text;
  }
  EXPECT_EQ(AccountKeyPrefix("KIM@M\u00dcl"), "kim@m\u00fcl");
}

TEST(AccountNamesTest, KeysAreForWhatOlderRulesAllowedToo) {
  EXPECT_EQ(AccountKey("Kim\u200b"), "kim\u200b");
  EXPECT_EQ(AccountKey("a b@c"), "a b@c");
  EXPECT_EQ(AccountKey(""), std::nullopt);
  EXPECT_EQ(AccountKey("\xff"), std::nullopt);
  EXPECT_EQ(AccountKey("\xff@b"), std::nullopt);
  EXPECT_EQ(AccountKey(std::string(1025, 'a')), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::service
