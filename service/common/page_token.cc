#include "service/common/page_token.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::service {
namespace {

constexpr auto kLifetime = std::chrono::hours(24);
// No position comes near; more is not worth opening.
constexpr size_t kMaxTokenBytes = 4096;

void Put(std::string& out, std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out.append(text);
}

// nullopt if `data` does not begin with a whole text.
std::optional<std::string> Take(std::string_view& data) {
  constexpr size_t kPrefix = 4;
  if (data.size() < kPrefix) return std::nullopt;
  uint32_t size = 0;
  for (size_t i = 0; i < kPrefix; ++i) size = size << 8 | static_cast<uint8_t>(data[i]);
  if (data.size() - kPrefix < size) return std::nullopt;
  std::string text(data.substr(kPrefix, size));
  data.remove_prefix(kPrefix + size);
  return text;
}

// What a token is bound to; each part behind its length, so that no two scopes
// have one text.
std::string ContextOf(const PageScope& scope) {
  std::string context;
  Put(context, scope.method);
  Put(context, scope.tenant_id.bytes());
  for (const std::string& part : scope.query) Put(context, part);
  return context;
}

absl::Status InvalidToken() {
  return base::InvalidField(
      "page_token",
      "is malformed, older than 24 hours, or of another query; start again without it",
      base::Reason::kInvalidPageToken);
}

}  // namespace

PageTokens::PageTokens(const auth::TokenPeppers& peppers, const base::Clock& clock)
    : keys_(storage::SealingKeys(peppers.current, peppers.accepted).Derive("gatehouse page token")),
      clock_(clock) {}

std::string PageTokens::Make(const PageScope& scope,
                             const std::vector<std::string>& position) const {
  std::string plaintext;
  Put(plaintext, std::to_string(base::ToMicros(clock_.Now())));
  for (const std::string& part : position) Put(plaintext, part);
  return base::Base64UrlEncode(keys_.Seal(ContextOf(scope), plaintext));
}

absl::StatusOr<std::vector<std::string>> PageTokens::Open(const PageScope& scope,
                                                          std::string_view token) const {
  if (token.size() > kMaxTokenBytes) return InvalidToken();
  const std::optional<std::string> sealed = base::Base64UrlDecode(token);
  if (!sealed) return InvalidToken();
  const std::optional<std::string> plaintext = keys_.Open(ContextOf(scope), *sealed);
  if (!plaintext) return InvalidToken();

  std::string_view rest = *plaintext;
  const std::optional<std::string> made = Take(rest);
  if (!made) return InvalidToken();
  if (clock_.Now() - base::TimeFromMicros(std::stoll(*made)) > kLifetime) return InvalidToken();
  std::vector<std::string> position;
  while (!rest.empty()) {
    std::optional<std::string> part = Take(rest);
    if (!part) return InvalidToken();
    position.push_back(*std::move(part));
  }
  return position;
}

absl::StatusOr<std::string> PageTokens::TextBehind(const PageScope& scope,
                                                   std::string_view token) const {
  if (token.empty()) return std::string();
  GH_ASSIGN_OR_RETURN(std::vector<std::string> position, Open(scope, token));
  return std::move(position.at(0));
}

absl::StatusOr<std::optional<base::Uuid>> PageTokens::IdBehind(const PageScope& scope,
                                                               std::string_view token) const {
  if (token.empty()) return std::nullopt;
  GH_ASSIGN_OR_RETURN(const std::string id, TextBehind(scope, token));
  return base::Uuid::Parse(id);
}

}  // namespace gatehouse::service
