#include "service/mail/message/mailbox.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/text/domain_name.h"
#include "base/text/encoding.h"

namespace gatehouse::service::mail {
namespace {

// RFC 5321, 4.5.3.1.1.
constexpr size_t kMaxLocalPart = 64;
constexpr std::string_view kAtomSymbols = "!#$%&'*+-/=?^_`{|}~";

bool IsAtomCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || absl::ascii_isalnum(byte) || kAtomSymbols.find(c) != kAtomSymbols.npos;
}

// Atoms with single dots between them.
bool IsDotAtom(std::string_view text) {
  bool atom = false;
  for (const char c : text) {
    if (c != '.' && !IsAtomCharacter(c)) return false;
    if (c == '.' && !atom) return false;
    atom = c != '.';
  }
  return atom;
}

}  // namespace

std::optional<Mailbox> Mailbox::Parse(std::string_view address) {
  const size_t at = address.rfind('@');
  if (at == address.npos || at > kMaxLocalPart || !base::IsValidUtf8(address)) return std::nullopt;
  const std::string_view local = address.substr(0, at);
  const std::optional<base::DomainName> domain = base::ParseDomainName(address.substr(at + 1));
  if (!IsDotAtom(local) || !domain) return std::nullopt;
  Mailbox mailbox;
  mailbox.text_ = std::string(local) + "@" + domain->ascii;
  mailbox.domain_at_ = at + 1;
  mailbox.needs_utf8_ =
      std::ranges::any_of(local, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return mailbox;
}

}  // namespace gatehouse::service::mail
