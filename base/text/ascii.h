#ifndef GATEHOUSE_BASE_TEXT_ASCII_H_
#define GATEHOUSE_BASE_TEXT_ASCII_H_

#include <algorithm>
#include <string_view>

namespace gatehouse::base {

// Protocols' words, which have no case beyond ASCII's.
inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

inline bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
  return EqualsIgnoringCase(text.substr(0, prefix.size()), prefix);
}

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_TEXT_ASCII_H_
