#include "service/common/event_type.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "base/text/ascii.h"
#include "service/common/built_in_event_types.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

// Types are keys of indexes, which have to stay small.
constexpr size_t kMaxTypeBytes = 128;

bool IsWord(std::string_view word) {
  const auto is_letter_or_digit = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  };
  return !word.empty() && is_letter_or_digit(word.front()) &&
         std::ranges::all_of(word,
                             [&](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
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

bool IsEventType(std::string_view type) { return AreWords(type); }

bool IsReservedEventType(std::string_view type) {
  const std::string_view first = type.substr(0, type.find('.'));
  return std::ranges::any_of(storage::event_types::kReservedPrefixes, [&](std::string_view prefix) {
    return base::EqualsIgnoringCase(prefix.substr(0, prefix.size() - 1), first);
  });
}

bool MayExist(std::string_view type) {
  return !IsReservedEventType(type) ||
         std::ranges::binary_search(kBuiltInEventTypes, type, {}, &BuiltInEventType::name);
}

bool MayBeginType(std::string_view prefix) {
  // The first word may go on: "user" begins "users.made" as well.
  if (prefix.find('.') == std::string_view::npos || !IsReservedEventType(prefix)) return true;
  const auto* first =
      std::ranges::lower_bound(kBuiltInEventTypes, prefix, {}, &BuiltInEventType::name);
  return first != std::end(kBuiltInEventTypes) && first->name.starts_with(prefix);
}

bool IsEventTypePattern(std::string_view pattern) {
  return AreWords(pattern.ends_with(".*") ? pattern.substr(0, pattern.size() - 2) : pattern);
}

bool MayMatch(std::string_view pattern) {
  return pattern.ends_with(".*") ? MayBeginType(pattern.substr(0, pattern.size() - 1))
                                 : MayExist(pattern);
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
                "must be one or more words joined by dots, at most 128 bytes; a word is letters, "
                "digits, '_' and '-', beginning with a letter or digit, such as "
                "\"document.shared\"");
  } else if (IsReservedEventType(type)) {
    checks.Fail(field, "begins with a word that is reserved for the server's own events");
  }
}

}  // namespace gatehouse::service
