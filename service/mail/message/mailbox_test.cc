#include "service/mail/message/mailbox.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::service::mail {
namespace {

TEST(MailboxTest, TakesWhatSmtpTakesWithoutQuotes) {
  const auto plain = Mailbox::Parse("Ada.Lovelace+x@Example.COM");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->text(), "Ada.Lovelace+x@example.com");
  EXPECT_EQ(plain->domain(), "example.com");
  EXPECT_FALSE(plain->needs_utf8());
  EXPECT_TRUE(Mailbox::Parse("a!#$%&'*+-/=?^_`{|}~b@example.com"));
}

// The domain has an ASCII form; what stands before it has none.
TEST(MailboxTest, OnlyALocalPartNeedsUtf8) {
  const auto domain = Mailbox::Parse("ada@müller.example");
  ASSERT_TRUE(domain);
  EXPECT_EQ(domain->text(), "ada@xn--mller-kva.example");
  EXPECT_FALSE(domain->needs_utf8());
  const auto local = Mailbox::Parse("jürgen@müller.example");
  ASSERT_TRUE(local);
  EXPECT_EQ(local->text(), "jürgen@xn--mller-kva.example");
  EXPECT_TRUE(local->needs_utf8());
}

TEST(MailboxTest, NothingEndsAPathALineOrAnAddress) {
  for (const std::string wrong : {"",
                                  "@",
                                  "a@",
                                  "@b.example",
                                  "a",
                                  "a b@c.example",
                                  "a>b@c.example",
                                  "a<b@c.example",
                                  "a,b@c.example",
                                  "\"a\"@c.example",
                                  "a\r\nRCPT TO:<b>@c.example",
                                  "a@c.example\r\n",
                                  "a@c.example>",
                                  ".a@c.example",
                                  "a.@c.example",
                                  "a..b@c.example",
                                  "a@b@c.example",
                                  "a(b)@c.example",
                                  "a;b@c.example",
                                  "a:b@c.example",
                                  "a\\b@c.example",
                                  "a@[127.0.0.1]",
                                  "a@c..example",
                                  "\xff@c.example"}) {
    EXPECT_FALSE(Mailbox::Parse(wrong)) << wrong;
  }
  EXPECT_FALSE(Mailbox::Parse(std::string("a\0b@c.example", 13)));
  EXPECT_TRUE(Mailbox::Parse(std::string(64, 'a') + "@c.example"));
  EXPECT_FALSE(Mailbox::Parse(std::string(65, 'a') + "@c.example"));
}

}  // namespace
}  // namespace gatehouse::service::mail
