#include "storage/canonical_text.h"

#include <string_view>

namespace gatehouse::storage {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

void AppendCanonicalString(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(kHexDigits[static_cast<unsigned char>(c) >> 4]);
          out.push_back(kHexDigits[c & 0xf]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

void AppendCanonicalNumber(bool negative, std::string digits, int64_t exponent, std::string& out) {
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) {
    out.push_back('0');
    return;
  }
  while (digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (negative) out.push_back('-');
  out += digits;
  if (exponent != 0) out += "e" + std::to_string(exponent);
}

}  // namespace gatehouse::storage
