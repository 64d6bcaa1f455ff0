#include "auth/password/argon2id.h"

#include <charconv>
#include <utility>

#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view kPrefix = "$argon2id$v=19$";
// Limits of libargon2 and of good sense.
constexpr size_t kMinSaltBytes = 8;
constexpr size_t kMinDigestBytes = 16;
constexpr size_t kMaxFieldBytes = 64;
// RFC 9106: 8 blocks of 1 KiB per lane.
constexpr uint32_t kMinKibPerLane = 8;

// Base 64 with the standard alphabet and no padding, as PHC strings have it.
std::string EncodeField(std::string_view bytes) {
  std::string text = base::Base64Encode(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  return text;
}

std::optional<std::string> DecodeField(std::string_view text, size_t min_bytes) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  std::optional<std::string> bytes = base::Base64Decode(text);
  if (!bytes || bytes->size() < min_bytes || bytes->size() > kMaxFieldBytes) return std::nullopt;
  return bytes;
}

// Takes the part before `end` off `text`; all of it for '\0'.
std::optional<std::string_view> TakeUntil(std::string_view& text, char end) {
  const size_t size = end == '\0' ? text.size() : text.find(end);
  if (size == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, size);
  text.remove_prefix(end == '\0' ? size : size + 1);
  return part;
}

// "m=19456": a decimal number without sign or leading zero.
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

bool IsAllowed(const Argon2idParams& params) {
  return params.memory_kib <= kMaxArgon2idParams.memory_kib &&
         params.passes <= kMaxArgon2idParams.passes && params.lanes <= kMaxArgon2idParams.lanes &&
         params.memory_kib >= kMinKibPerLane * params.lanes;
}

}  // namespace

std::optional<Argon2idHash> ParseArgon2idHash(std::string_view phc) {
  if (!phc.starts_with(kPrefix)) return std::nullopt;
  phc.remove_prefix(kPrefix.size());
  const auto memory_kib = TakeNumber(phc, "m=", ',');
  if (!memory_kib) return std::nullopt;
  const auto passes = TakeNumber(phc, "t=", ',');
  if (!passes) return std::nullopt;
  const auto lanes = TakeNumber(phc, "p=", '$');
  if (!lanes) return std::nullopt;
  const Argon2idParams params{.memory_kib = *memory_kib, .passes = *passes, .lanes = *lanes};
  if (!IsAllowed(params)) return std::nullopt;
  const auto salt_text = TakeUntil(phc, '$');
  if (!salt_text) return std::nullopt;
  std::optional<std::string> salt = DecodeField(*salt_text, kMinSaltBytes);
  std::optional<std::string> digest = DecodeField(phc, kMinDigestBytes);
  if (!salt || !digest) return std::nullopt;
  return Argon2idHash{.params = params, .salt = *std::move(salt), .digest = *std::move(digest)};
}

std::string FormatArgon2idHash(const Argon2idHash& hash) {
  return std::string(kPrefix) + "m=" + std::to_string(hash.params.memory_kib) +
         ",t=" + std::to_string(hash.params.passes) + ",p=" + std::to_string(hash.params.lanes) +
         "$" + EncodeField(hash.salt) + "$" + EncodeField(hash.digest);
}

}  // namespace gatehouse::auth
