#include "service/mail/template/text_template.h"

#include <algorithm>

#include "absl/status/status.h"

namespace gatehouse::service::mail {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

absl::Status Wrong(std::string_view text, size_t at, const std::string& what) {
  const auto line =
      1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  return absl::InvalidArgumentError("line " + std::to_string(line) + ": " + what);
}

std::string Listed(std::span<const std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

void AppendHtml(char c, std::string& out) {
  switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out.push_back(c);
  }
}

void AppendEscaped(std::string_view value, TextTemplate::Escape escape, std::string& out) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (escape == TextTemplate::Escape::kHtml) {
      AppendHtml(c, out);
    } else if (escape == TextTemplate::Escape::kLine && (byte < 0x20 || byte == 0x7f)) {
      out.push_back(' ');
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

absl::StatusOr<TextTemplate> TextTemplate::Parse(std::string_view text,
                                                 std::span<const std::string_view> allowed,
                                                 Escape escape) {
  TextTemplate parsed(escape);
  size_t at = 0;
  while (true) {
    const size_t open = text.find(kOpen, at);
    const std::string_view plain = text.substr(at, open == text.npos ? open : open - at);
    if (const size_t stray = plain.find(kClose); stray != plain.npos) {
      return Wrong(text, at + stray, "}} without {{");
    }
    if (open == text.npos) {
      parsed.pieces_.push_back({.text = std::string(plain), .name = ""});
      return parsed;
    }
    const size_t close = text.find(kClose, open);
    if (close == text.npos) return Wrong(text, open, "{{ without }}");
    const std::string_view name = text.substr(open + kOpen.size(), close - open - kOpen.size());
    if (std::ranges::find(allowed, name) == allowed.end()) {
      return Wrong(text, open,
                   "{{" + std::string(name.substr(0, 40)) + "}} is none of " + Listed(allowed));
    }
    parsed.pieces_.push_back({.text = std::string(plain), .name = std::string(name)});
    at = close + kClose.size();
  }
}

std::string TextTemplate::Render(const TemplateValues& values) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.text;
    const auto value = values.find(piece.name);
    if (value != values.end()) AppendEscaped(value->second, escape_, out);
  }
  return out;
}

}  // namespace gatehouse::service::mail
