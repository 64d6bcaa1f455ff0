#include "service/mail/message/mime_message.h"

#include <algorithm>
#include <string_view>

#include "absl/time/time.h"
#include "base/text/encoding.h"

namespace gatehouse::service::mail {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
// RFC 2045, 6.7: with a soft line break, 76.
constexpr size_t kMaxLine = 75;
// An encoded word has at most 75 characters (RFC 2047, 2): "=?UTF-8?B?", base64 of these, "?=".
constexpr size_t kMaxWordBytes = 45;
constexpr char kHex[] = "0123456789ABCDEF";

bool IsPlainHeader(std::string_view text) {
  return text.size() <= kMaxLine && text.find("=?") == text.npos &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Where a character of UTF-8 begins, at `end` or before it.
size_t CharacterBoundary(std::string_view text, size_t end) {
  if (end >= text.size()) return text.size();
  while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return end;
}

// A display name in quotes, or as encoded words.
std::string Phrase(std::string_view name) {
  if (!IsPlainHeader(name)) return EncodeHeaderText(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

std::string Part(std::string_view type, std::string_view content) {
  std::string part = "Content-Type: " + std::string(type) + "; charset=utf-8\r\n";
  part += "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  return part + EncodeQuotedPrintable(content);
}

}  // namespace

std::string EncodeHeaderText(std::string_view text) {
  if (IsPlainHeader(text)) return std::string(text);
  std::string encoded;
  while (!text.empty()) {
    const size_t size = CharacterBoundary(text, kMaxWordBytes);
    if (!encoded.empty()) encoded += "\r\n ";
    encoded += "=?UTF-8?B?" + base::Base64Encode(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return encoded;
}

std::string EncodeQuotedPrintable(std::string_view text) {
  std::string out;
  size_t line = 0;
  const auto put = [&](std::string_view piece) {
    if (line + piece.size() > kMaxLine) {
      out += "=\r\n";
      line = 0;
    }
    out += piece;
    line += piece.size();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += kLineEnd;
      line = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const bool blank = c == ' ' || c == '\t';
    if ((byte > 0x20 && byte < 0x7f && c != '=') || (blank && !ends_line)) {
      put({&c, 1});
    } else {
      const char escaped[] = {'=', kHex[byte >> 4], kHex[byte & 0xf]};
      put({escaped, sizeof(escaped)});
    }
  }
  if (line != 0) out += kLineEnd;
  return out;
}

std::string FormatMailDate(base::Time time) {
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", absl::FromUnixMicros(base::ToMicros(time)),
                          absl::UTCTimeZone());
}

std::string MimeMessage::ToString() const {
  // '=' and '_' do not follow each other in quoted-printable text, so no part has this line in it.
  const std::string boundary = "=_" + id.ToString();
  std::string out;
  out += "Date: " + FormatMailDate(date) + "\r\n";
  out +=
      "From: " + (from_name.empty() ? "" : Phrase(from_name) + " ") + "<" + from.text() + ">\r\n";
  out += "To: <" + to.text() + ">\r\n";
  out += "Subject: " + EncodeHeaderText(content.subject) + "\r\n";
  out += "Message-ID: <" + id.ToString() + "@" + std::string(from.domain()) + ">\r\n";
  out += "Auto-Submitted: auto-generated\r\n";
  out += "X-Auto-Response-Suppress: All\r\n";
  out += "Content-Language: " + content.locale + "\r\n";
  out += "MIME-Version: 1.0\r\n";
  out += "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n";
  out += "--" + boundary + "\r\n" + Part("text/plain", content.text);
  out += "--" + boundary + "\r\n" + Part("text/html", content.html);
  out += "--" + boundary + "--\r\n";
  return out;
}

}  // namespace gatehouse::service::mail
