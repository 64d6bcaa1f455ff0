#ifndef GATEHOUSE_SERVICE_MAIL_MESSAGE_MIME_MESSAGE_H_
#define GATEHOUSE_SERVICE_MAIL_MESSAGE_MIME_MESSAGE_H_

#include <string>
#include <string_view>

#include "base/time.h"
#include "base/uuid.h"
#include "service/mail/message/mailbox.h"
#include "service/mail/template/mail_templates.h"

namespace gatehouse::service::mail {

struct MimeMessage {
  Mailbox from;
  // What is shown besides the address; may be empty.
  std::string from_name;
  Mailbox to;
  // What the Message-ID is made of: the same for every attempt, so that two copies of a mail can be
  // told to be one.
  base::Uuid id;
  base::Time date;
  RenderedMail content;

  // As it goes over the wire, but for dots at the beginning of lines: RFC 5322 and RFC 2045, plain
  // text and HTML as alternatives, in short lines, all of it ASCII but for an internationalised
  // address (RFC 6532). Says that a machine wrote it (RFC 3834), so that nobody
  // who is away answers.
  std::string ToString() const;
};

// A header's text: as it is if it is short and plain ASCII, else as encoded words (RFC 2047). Of
// one line whatever `text` has in it.
std::string EncodeHeaderText(std::string_view text);

// RFC 2045, 6.7. Lines end with CRLF.
std::string EncodeQuotedPrintable(std::string_view text);

// "Thu, 01 Jan 2026 00:00:00 +0000".
std::string FormatMailDate(base::Time time);

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_MESSAGE_MIME_MESSAGE_H_
