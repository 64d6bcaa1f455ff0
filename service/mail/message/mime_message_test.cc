#include "service/mail/message/mime_message.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::service::mail {
namespace {

// 2026-01-01T00:00:00Z, a Thursday.
constexpr base::Time kTime = base::TimeFromMicros(1'767'225'600'000'000);

MimeMessage MessageTo(const std::string& to) {
  return {.from = *Mailbox::Parse("gatehouse@example.com"),
          .from_name = "Gatehouse",
          .to = *Mailbox::Parse(to),
          .id = *base::Uuid::Parse("0190d1f0-0000-7000-8000-00000000000a"),
          .date = kTime,
          .content = {.locale = "en", .subject = "Hello", .text = "text\n", .html = "<p>x</p>\n"}};
}

TEST(MimeMessageTest, IsWhatAMailReaderExpects) {
  EXPECT_EQ(MessageTo("ada@example.com").ToString(),
            "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
            "From: \"Gatehouse\" <gatehouse@example.com>\r\n"
            "To: <ada@example.com>\r\n"
            "Subject: Hello\r\n"
            "Message-ID: <0190d1f0-0000-7000-8000-00000000000a@example.com>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "X-Auto-Response-Suppress: All\r\n"
            "Content-Language: en\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/alternative; "
            "boundary=\"=_0190d1f0-0000-7000-8000-00000000000a\"\r\n"
            "\r\n"
            "--=_0190d1f0-0000-7000-8000-00000000000a\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "text\r\n"
            "--=_0190d1f0-0000-7000-8000-00000000000a\r\n"
            "Content-Type: text/html; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "<p>x</p>\r\n"
            "--=_0190d1f0-0000-7000-8000-00000000000a--\r\n");
}

TEST(MimeMessageTest, NothingThatIsShownAddsAHeader) {
  MimeMessage message = MessageTo("ada@example.com");
  message.from_name = "a\"\r\nBcc: x@example.com";
  message.content.subject = "a\r\nBcc: x@example.com";
  const std::string text = message.ToString();
  EXPECT_EQ(text.find("Bcc"), std::string::npos) << text;
  message.from_name = "a\"b\\c";
  EXPECT_NE(message.ToString().find("From: \"a\\\"b\\\\c\" <"), std::string::npos);
}

TEST(MimeMessageTest, LongAndForeignHeadersAreEncodedWords) {
  EXPECT_EQ(EncodeHeaderText("plain"), "plain");
  EXPECT_EQ(EncodeHeaderText("Passwörter"), "=?UTF-8?B?UGFzc3fDtnJ0ZXI=?=");
  EXPECT_EQ(EncodeHeaderText("=?UTF-8?Q?x?="), "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=");
  // No word is cut within a character, none is longer than it may be.
  std::string text;
  for (int i = 0; i < 40; ++i) text += "ä€";
  std::istringstream lines(EncodeHeaderText(text));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 78u) << line;
  }
}

TEST(MimeMessageTest, QuotedPrintableKeepsLinesShortAndBlanksAtTheirEnds) {
  EXPECT_EQ(EncodeQuotedPrintable("a=b\nä \t\nend"), "a=3Db\r\n=C3=A4 =09\r\nend\r\n");
  EXPECT_EQ(EncodeQuotedPrintable(""), "");
  EXPECT_EQ(EncodeQuotedPrintable("a\n\nb\n"), "a\r\n\r\nb\r\n");
  const std::string encoded = EncodeQuotedPrintable(std::string(200, 'x'));
  EXPECT_EQ(encoded, std::string(75, 'x') + "=\r\n" + std::string(75, 'x') + "=\r\n" +
                         std::string(50, 'x') + "\r\n");
}

}  // namespace
}  // namespace gatehouse::service::mail
