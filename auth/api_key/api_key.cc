#include "auth/api_key/api_key.h"

#include <array>
#include <cstdint>

#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view kScheme = "gh_key_";
constexpr size_t kPublicChars = 8;
constexpr size_t kPrefixChars = kScheme.size() + kPublicChars;
constexpr size_t kTenantBytes = 16;
constexpr size_t kSecretBytes = 32;
constexpr size_t kChecksumBytes = 4;
constexpr size_t kBodyBytes = kTenantBytes + kSecretBytes + kChecksumBytes;
// Base64url without padding.
constexpr size_t kKeyChars = kPrefixChars + (kBodyBytes * 8 + 5) / 6;

constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? 0xedb88320u : 0);
    }
    table[i] = remainder;
  }
  return table;
}

// CRC-32 as in IEEE 802.3, big-endian.
std::string Checksum(std::string_view data) {
  static constexpr std::array<uint32_t, 256> kTable = MakeCrcTable();
  uint32_t crc = ~0u;
  for (const char c : data) crc = crc >> 8 ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  crc = ~crc;
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(crc >> shift));
  return bytes;
}

// Uniform: bytes beyond the last multiple of 62 are thrown away.
std::string RandomBase62(size_t length) {
  constexpr uint8_t kLimit = 256 / 62 * 62;
  std::string text;
  while (text.size() < length) {
    for (const char c : base::RandomBytes(length)) {
      const auto byte = static_cast<uint8_t>(c);
      if (byte < kLimit && text.size() < length) text.push_back(kBase62[byte % kBase62.size()]);
    }
  }
  return text;
}

}  // namespace

bool LooksLikeApiKey(std::string_view token) { return token.starts_with(kScheme); }

std::optional<ParsedApiKey> ParseApiKey(std::string_view key) {
  if (key.size() != kKeyChars || !LooksLikeApiKey(key)) return std::nullopt;
  const std::string_view prefix = key.substr(0, kPrefixChars);
  if (prefix.find_first_not_of(kBase62, kScheme.size()) != std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<std::string> body = base::Base64UrlDecode(key.substr(kPrefixChars));
  if (!body || body->size() != kBodyBytes) return std::nullopt;
  const std::string_view content(body->data(), kTenantBytes + kSecretBytes);
  const std::string_view checksum(body->data() + content.size(), kChecksumBytes);
  if (Checksum(std::string(prefix) + std::string(content)) != checksum) return std::nullopt;
  return ParsedApiKey{.tenant_id = *base::Uuid::FromBytes(content.substr(0, kTenantBytes)),
                      .hash = base::Sha256(key)};
}

NewApiKey MakeApiKey(const base::Uuid& tenant_id) {
  NewApiKey made;
  made.prefix = std::string(kScheme) + RandomBase62(kPublicChars);
  const std::string content = std::string(tenant_id.bytes()) + base::RandomBytes(kSecretBytes);
  made.key = made.prefix + base::Base64UrlEncode(content + Checksum(made.prefix + content));
  made.hash = base::Sha256(made.key);
  return made;
}

}  // namespace gatehouse::auth
