#include "base/text/domain_name.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::base {
namespace {

TEST(DomainNameTest, BothFormsAreOneName) {
  for (const char* text : {"m\u00fcller.example", "xn--mller-kva.example", "M\u00dcLLER.Example",
                           "mu\u0308ller.example", "XN--MLLER-KVA.EXAMPLE"}) {
    const std::optional<DomainName> name = ParseDomainName(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->unicode, "m\u00fcller.example");
    EXPECT_EQ(name->ascii, "xn--mller-kva.example");
  }
}

TEST(DomainNameTest, ASharpSIsNotTwo) {
  EXPECT_EQ(ParseDomainName("stra\u00dfe.example")->ascii, "xn--strae-oqa.example");
  EXPECT_EQ(ParseDomainName("strasse.example")->ascii, "strasse.example");
}

TEST(DomainNameTest, TakesPlainNames) {
  EXPECT_EQ(ParseDomainName("localhost")->ascii, "localhost");
  EXPECT_EQ(ParseDomainName("a-1.Example.COM")->ascii, "a-1.example.com");
  EXPECT_EQ(ParseDomainName(std::string(63, 'a') + ".b")->ascii.size(), 65u);
  EXPECT_EQ(ParseDomainName("\uff41\u3002b")->ascii, "a.b");
}

TEST(DomainNameTest, RefusesWhatIsNoNameOfAHost) {
  const std::string long_label(64, 'a');
  std::string long_name;
  for (int i = 0; i < 4; ++i) long_name += std::string(63, 'a') + ".";
  for (const std::string& text :
       {std::string(), std::string("."), std::string("a."), std::string("a\u3002"),
        std::string(".a"), std::string("a..b"), std::string("a b"), std::string("a_b"),
        std::string("-a.b"), std::string("a-.b"), std::string("[1.2.3.4]"),
        std::string("a\u200bb\u200d"), std::string("xn--\u00fc"), std::string("xn--a"),
        std::string("\xff"), long_label, long_name + "b", std::string(5000, 'a'),
        std::string("a\u05d3.example")}) {
    EXPECT_FALSE(ParseDomainName(text)) << testing::PrintToString(text);
  }
}

TEST(DomainNameTest, PartsAreNotNamesYet) {
  for (const char* text : {"", "a.", ".", "-", "xn--m", "i\u2764", "M\u00dc", "a\u05d3"}) {
    EXPECT_TRUE(HasDomainCharacters(text)) << text;
  }
  for (const char* text : {"a b", "a_b", "*", "a\u200e", "\xff"}) {
    EXPECT_FALSE(HasDomainCharacters(text)) << text;
  }
}

}  // namespace
}  // namespace gatehouse::base
