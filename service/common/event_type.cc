#include "service/common/event_type.h"

#include <algorithm>

#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

// Types are keys of indexes, which have to stay small.
constexpr size_t kMaxTypeBytes = 100;

bool IsWord(std::string_view word) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !word.empty() && word.front() >= 'a' && word.front() <= 'z' &&
         std::ranges::all_of(word, allowed);
}

bool AreWords(std::string_view text) {
  if (text.size() > kMaxTypeBytes) return false;
  while (true) {
    const size_t dot = text.find('.');
    if (!IsWord(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool IsEventType(std::string_view type) {
  return type.find('.') != std::string_view::npos && AreWords(type);
}

bool IsReservedEventType(std::string_view type) {
  const std::string_view first = type.substr(0, type.find('.'));
  return std::ranges::any_of(storage::event_types::kReservedPrefixes, [&](std::string_view prefix) {
    return prefix.substr(0, prefix.size() - 1) == first;
  });
}

bool IsEventTypePattern(std::string_view pattern) {
  if (pattern.ends_with(".*")) return AreWords(pattern.substr(0, pattern.size() - 2));
  return IsEventType(pattern);
}

bool MatchesAny(std::span<const std::string> patterns, std::string_view type) {
  return std::ranges::any_of(patterns, [type](std::string_view pattern) {
    if (!pattern.ends_with('*')) return pattern == type;
    return type.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

bool CoversReservedTypes(std::span<const std::string> patterns) {
  return std::ranges::any_of(patterns, [](std::string_view pattern) {
    return pattern == "*" || IsReservedEventType(pattern);
  });
}

void CheckOwnEventType(FieldChecks& checks, std::string_view field, std::string_view type) {
  if (!IsEventType(type)) {
    checks.Fail(field,
                "must be two or more lower-case words joined by dots, at most 100 bytes, each "
                "beginning with a letter, such as \"document.shared\"");
  } else if (IsReservedEventType(type)) {
    checks.Fail(field, "begins with a word that is reserved for the server's own events");
  }
}

}  // namespace gatehouse::service
