#include "auth/password/hash/hash_text.h"

#include <charconv>
#include <system_error>

#include "base/text/encoding.h"

namespace gatehouse::auth {

std::optional<std::string_view> TakeUntil(std::string_view& text, char end) {
  const size_t size = end == '\0' ? text.size() : text.find(end);
  if (size == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, size);
  text.remove_prefix(end == '\0' ? size : size + 1);
  return part;
}

std::optional<uint32_t> TakeNumber(std::string_view& text, std::string_view name, char end) {
  const std::optional<std::string_view> part = TakeUntil(text, end);
  if (!part || !part->starts_with(name)) return std::nullopt;
  const std::string_view digits = part->substr(name.size());
  if (digits.empty() || digits[0] < '1' || digits[0] > '9') return std::nullopt;
  uint32_t number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::string EncodeField(std::string_view bytes) {
  std::string text = base::Base64Encode(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  return text;
}

std::optional<std::string> DecodeField(std::string_view text, size_t min_bytes, size_t max_bytes) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  std::optional<std::string> bytes = base::Base64Decode(text);
  if (!bytes || bytes->size() < min_bytes || bytes->size() > max_bytes) return std::nullopt;
  return bytes;
}

}  // namespace gatehouse::auth
