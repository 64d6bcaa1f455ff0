#ifndef GATEHOUSE_SERVICE_MAIL_MESSAGE_MAILBOX_H_
#define GATEHOUSE_SERVICE_MAIL_MESSAGE_MAILBOX_H_

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::service::mail {

// An address as SMTP and the header of a message have it: a local part of characters that need no
// quotes (RFC 5321, 4.1.2; RFC 6531), '@', and the ASCII form of a domain. There is no way in it to
// end a line, a path or an address.
class Mailbox {
 public:
  // nullopt for what is none, or has a local part that only quotes would make one: hardly anybody
  // has such an address, and a server that reads it otherwise than we do sends the mail elsewhere.
  static std::optional<Mailbox> Parse(std::string_view address);

  const std::string& text() const { return text_; }
  // Of Message-Ids.
  std::string_view domain() const { return std::string_view(text_).substr(domain_at_); }
  // The server has to know internationalised addresses (RFC 6531).
  bool needs_utf8() const { return needs_utf8_; }

 private:
  Mailbox() = default;

  std::string text_;
  size_t domain_at_ = 0;
  bool needs_utf8_ = false;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_MESSAGE_MAILBOX_H_
