#ifndef GATEHOUSE_BASE_TEXT_ASCII_H_
#define GATEHOUSE_BASE_TEXT_ASCII_H_

#include <algorithm>
#include <cstddef>
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

// Without any of `blanks` at its ends.
inline std::string_view Trimmed(std::string_view text, std::string_view blanks) {
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

// A line, or the one line of a file, without its end: LF, or CR LF of other systems.
inline std::string_view WithoutLineEnd(std::string_view text) {
  return text.substr(0, text.find_last_not_of("\r\n") + 1);
}

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_TEXT_ASCII_H_
