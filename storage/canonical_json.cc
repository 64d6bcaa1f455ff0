#include "storage/canonical_json.h"

#include <charconv>
#include <cstdint>
#include <utility>

#include "base/text/encoding.h"
#include "storage/canonical_text.h"

namespace gatehouse::storage {
namespace {

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | code >> 6));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | code >> 12));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | code >> 18));
    out.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

// A recursive-descent reader that writes the canonical form as it goes. Every
// method returns false on malformed text, and the result is then of no use.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool Document(std::string& out) { return Value(out, 0) && AtEnd(); }

  bool Document(CanonicalMembers& members) {
    SkipBlanks();
    return Take('{') && Members(members, 1) && AtEnd();
  }

 private:
  bool AtEnd() {
    SkipBlanks();
    return rest_.empty();
  }

  void SkipBlanks() {
    const size_t count = rest_.find_first_not_of(" \t\n\r");
    rest_.remove_prefix(count == std::string_view::npos ? rest_.size() : count);
  }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool TakeWord(std::string_view word, std::string& out) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    out += word;
    return true;
  }

  bool Value(std::string& out, int depth) {
    if (depth > kMaxJsonDepth) return false;
    SkipBlanks();
    if (rest_.empty()) return false;
    switch (rest_.front()) {
      case '{':
        return Object(out, depth);
      case '[':
        return Array(out, depth);
      case '"': {
        std::string text;
        if (!String(text)) return false;
        base::AppendJsonString(text, out);
        return true;
      }
      case 't':
        return TakeWord("true", out);
      case 'f':
        return TakeWord("false", out);
      case 'n':
        return TakeWord("null", out);
      default:
        return Number(out);
    }
  }

  bool Array(std::string& out, int depth) {
    Take('[');
    out.push_back('[');
    SkipBlanks();
    if (!Take(']')) {
      while (true) {
        if (!Value(out, depth + 1)) return false;
        SkipBlanks();
        if (Take(']')) break;
        if (!Take(',')) return false;
        out.push_back(',');
      }
    }
    out.push_back(']');
    return true;
  }

  bool Object(std::string& out, int depth) {
    Take('{');
    CanonicalMembers members;
    if (!Members(members, depth + 1)) return false;
    out.push_back('{');
    for (const auto& [name, value] : members) {
      if (out.back() != '{') out.push_back(',');
      base::AppendJsonString(name, out);
      out.push_back(':');
      out += value;
    }
    out.push_back('}');
    return true;
  }

  // After the opening brace.
  bool Members(CanonicalMembers& members, int depth) {
    SkipBlanks();
    if (Take('}')) return true;
    while (true) {
      SkipBlanks();
      std::string name;
      std::string value;
      if (!String(name)) return false;
      SkipBlanks();
      if (!Take(':') || !Value(value, depth)) return false;
      members.insert_or_assign(std::move(name), std::move(value));
      SkipBlanks();
      if (Take('}')) return true;
      if (!Take(',')) return false;
    }
  }

  bool String(std::string& out) {
    if (!Take('"')) return false;
    while (true) {
      const size_t plain = base::PlainJsonLength(rest_);
      out += rest_.substr(0, plain);
      rest_.remove_prefix(plain);
      if (Take('"')) return true;
      if (!Take('\\') || !Escape(out)) return false;
    }
  }

  bool Escape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out.push_back(c);
        return true;
      case 'b':
        out.push_back('\b');
        return true;
      case 'f':
        out.push_back('\f');
        return true;
      case 'n':
        out.push_back('\n');
        return true;
      case 'r':
        out.push_back('\r');
        return true;
      case 't':
        out.push_back('\t');
        return true;
      case 'u':
        return UnicodeEscape(out);
      default:
        return false;
    }
  }

  bool UnicodeEscape(std::string& out) {
    uint32_t code = 0;
    if (!HexCode(code) || code == 0) return false;
    if (code >= 0xdc00 && code < 0xe000) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      uint32_t low = 0;
      if (!Take('\\') || !Take('u') || !HexCode(low)) return false;
      if (low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    AppendUtf8(code, out);
    return true;
  }

  bool HexCode(uint32_t& code) {
    constexpr size_t kDigits = 4;
    if (rest_.size() < kDigits) return false;
    const char* end = rest_.data() + kDigits;
    const auto [parsed, error] = std::from_chars(rest_.data(), end, code, 16);
    if (error != std::errc() || parsed != end) return false;
    rest_.remove_prefix(kDigits);
    return true;
  }

  size_t Digits(std::string& out) {
    size_t count = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') ++count;
    out += rest_.substr(0, count);
    rest_.remove_prefix(count);
    return count;
  }

  bool Number(std::string& out) {
    const bool negative = Take('-');
    std::string digits;
    const size_t whole = Digits(digits);
    if (whole == 0 || (whole > 1 && digits.front() == '0')) return false;
    size_t fraction = 0;
    if (Take('.')) {
      fraction = Digits(digits);
      if (fraction == 0) return false;
    }
    int64_t exponent = 0;
    if ((Take('e') || Take('E')) && !Exponent(exponent)) return false;
    AppendCanonicalNumber(negative, std::move(digits), exponent - static_cast<int64_t>(fraction),
                          out);
    return true;
  }

  bool Exponent(int64_t& exponent) {
    const bool negative = Take('-');
    if (!negative) Take('+');
    std::string digits;
    if (Digits(digits) == 0) return false;
    const char* end = digits.data() + digits.size();
    // More than an int32 is more than jsonb takes.
    int32_t value = 0;
    if (std::from_chars(digits.data(), end, value).ec != std::errc()) return false;
    exponent = negative ? -static_cast<int64_t>(value) : value;
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::string> CanonicalJson(std::string_view json) {
  std::string out;
  if (!base::IsValidUtf8(json) || !Reader(json).Document(out)) return std::nullopt;
  return out;
}

std::optional<CanonicalMembers> CanonicalObject(std::string_view json) {
  CanonicalMembers members;
  if (!base::IsValidUtf8(json) || !Reader(json).Document(members)) return std::nullopt;
  return members;
}

}  // namespace gatehouse::storage
