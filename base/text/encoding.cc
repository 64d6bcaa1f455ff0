#include "base/text/encoding.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace gatehouse::base {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::array<int8_t, 256> ReverseAlphabet(std::string_view alphabet) {
  std::array<int8_t, 256> table = {};
  for (int8_t& value : table) value = -1;
  for (size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  }
  return table;
}

std::string Encode64(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t group = 0;
  int bits = 0;
  for (const char c : bytes) {
    group = group << 8 | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 6; bits -= 6) text.push_back(alphabet[group >> (bits - 6) & 63]);
  }
  if (bits > 0) text.push_back(alphabet[group << (6 - bits) & 63]);
  while (pad && text.size() % 4 != 0) text.push_back('=');
  return text;
}

std::optional<std::string> Decode64(std::string_view text, const std::array<int8_t, 256>& table) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = table[static_cast<uint8_t>(c)];
    if (value < 0) return std::nullopt;
    group = group << 6 | static_cast<uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(group >> bits & 0xff));
    }
  }
  if ((group & ((1u << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

// How many bytes at the beginning are ASCII and not NUL, in steps of eight: what most text is.
size_t PlainAsciiLength(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  size_t length = 0;
  for (; length + sizeof(uint64_t) <= text.size(); length += sizeof(uint64_t)) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + length, sizeof(bytes));
    // The second is not 0 if a byte of what has no high bits is 0.
    if ((bytes & kHighs) != 0 || ((bytes - kOnes) & kHighs) != 0) break;
  }
  return length;
}

}  // namespace

std::string HexEncode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
    text.push_back(kHex[static_cast<uint8_t>(c) & 15]);
  }
  return text;
}

std::optional<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

std::string Base64Encode(std::string_view bytes) { return Encode64(bytes, kStandard, true); }

std::optional<std::string> Base64Decode(std::string_view text) {
  static constexpr auto kTable = ReverseAlphabet(kStandard);
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  return Decode64(text, kTable);
}

std::string Base64UrlEncode(std::string_view bytes) { return Encode64(bytes, kUrlSafe, false); }

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  static constexpr auto kTable = ReverseAlphabet(kUrlSafe);
  return Decode64(text, kTable);
}

bool IsValidUtf8(std::string_view text) {
  for (size_t i = PlainAsciiLength(text); i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    if (lead == 0) return false;
    size_t length = 1;
    uint32_t code = lead;
    if (lead >= 0x80) {
      if (lead >> 5 == 0x06) {
        length = 2, code = lead & 0x1f;
      } else if (lead >> 4 == 0x0e) {
        length = 3, code = lead & 0x0f;
      } else if (lead >> 3 == 0x1e) {
        length = 4, code = lead & 0x07;
      } else {
        return false;
      }
    }
    if (i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      if (next >> 6 != 2) return false;
      code = code << 6 | (next & 0x3f);
    }
    // Overlong forms, surrogates and what lies above U+10FFFF.
    constexpr uint32_t kLowest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kLowest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return false;
    }
    i += length;
    i += PlainAsciiLength(text.substr(i));
  }
  return true;
}

size_t PlainJsonLength(std::string_view text) {
  static constexpr auto kIsPlain = [] {
    std::array<bool, 256> plain{};
    for (size_t c = 0x20; c < plain.size(); ++c) plain[c] = c != '"' && c != '\\';
    return plain;
  }();
  size_t length = 0;
  while (length < text.size() && kIsPlain[static_cast<uint8_t>(text[length])]) ++length;
  return length;
}

void AppendJsonString(std::string_view text, std::string& out) {
  out.push_back('"');
  while (true) {
    const size_t plain = PlainJsonLength(text);
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    const char c = text[plain];
    text.remove_prefix(plain + 1);
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
        out += "\\u00";
        out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
        out.push_back(kHex[c & 0xf]);
    }
  }
  out.push_back('"');
}

std::string JsonString(std::string_view text) {
  std::string out;
  AppendJsonString(text, out);
  return out;
}

}  // namespace gatehouse::base
