#include "auth/token/refresh_token.h"

#include <utility>

#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view kScheme = "gh_rt_";
constexpr char kVersion = 1;
constexpr size_t kIdBytes = 16;
constexpr size_t kGenerationBytes = 8;
constexpr size_t kBodyBytes = 1 + 3 * kIdBytes + kGenerationBytes;
// 128 bits: forging one takes as long as guessing a key.
constexpr size_t kMacBytes = 16;
constexpr std::string_view kPurpose = "gatehouse refresh token v1";

}  // namespace

RefreshTokenCodec::RefreshTokenCodec(std::string_view secret) : keys_(secret) {}

std::string RefreshTokenCodec::Mac(const base::Uuid& session_id, std::string_view body) const {
  const std::string info = std::string(kPurpose) + std::string(session_id.bytes());
  const base::HmacKey key(base::AsBytes(keys_.Derive(info)));
  return std::string(base::AsBytes(key.Mac({body})).substr(0, kMacBytes));
}

std::string RefreshTokenCodec::Encode(const RefreshClaims& claims) const {
  std::string body(1, kVersion);
  body += claims.tenant_id.bytes();
  body += claims.session_id.bytes();
  body += claims.user_id.bytes();
  for (int shift = 56; shift >= 0; shift -= 8) {
    body.push_back(static_cast<char>(claims.generation >> shift));
  }
  body += Mac(claims.session_id, body);
  return std::string(kScheme) + base::Base64UrlEncode(body);
}

std::optional<RefreshClaims> RefreshTokenCodec::Decode(std::string_view token) const {
  constexpr size_t kTokenChars = kScheme.size() + ((kBodyBytes + kMacBytes) * 8 + 5) / 6;
  if (token.size() != kTokenChars || !token.starts_with(kScheme)) return std::nullopt;
  const std::optional<std::string> bytes = base::Base64UrlDecode(token.substr(kScheme.size()));
  if (!bytes || bytes->front() != kVersion) return std::nullopt;

  const std::string_view body(bytes->data(), kBodyBytes);
  const auto id = [body](size_t i) {
    return *base::Uuid::FromBytes(body.substr(1 + i * kIdBytes, kIdBytes));
  };
  RefreshClaims claims{.tenant_id = id(0), .session_id = id(1), .user_id = id(2)};
  const std::string mac = Mac(claims.session_id, body);
  if (!base::ConstantTimeEquals(mac, std::string_view(*bytes).substr(kBodyBytes))) {
    return std::nullopt;
  }
  uint64_t generation = 0;
  for (const char c : body.substr(1 + 3 * kIdBytes)) {
    generation = generation << 8 | static_cast<uint8_t>(c);
  }
  claims.generation = static_cast<int64_t>(generation);
  return claims;
}

}  // namespace gatehouse::auth
