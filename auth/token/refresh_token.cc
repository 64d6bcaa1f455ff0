#include "auth/token/refresh_token.h"

namespace gatehouse::auth {
namespace {

constexpr char kVersion = 1;
constexpr size_t kIdBytes = 16;
constexpr size_t kGenerationBytes = 8;
constexpr size_t kTenantAt = 1;
constexpr size_t kSessionAt = kTenantAt + kIdBytes;
constexpr size_t kUserAt = kSessionAt + kIdBytes;
constexpr size_t kGenerationAt = kUserAt + kIdBytes;
constexpr SignedBytes::Format kFormat = {.scheme = "gh_rt_",
                                         .purpose = "gatehouse refresh token v1",
                                         .body_bytes = kGenerationAt + kGenerationBytes,
                                         .subject_at = kSessionAt};

}  // namespace

RefreshTokenCodec::RefreshTokenCodec(const TokenPeppers& peppers) : bytes_(peppers, kFormat) {}

std::string RefreshTokenCodec::Encode(const RefreshClaims& claims) const {
  std::string body(1, kVersion);
  body += claims.tenant_id.bytes();
  body += claims.session_id.bytes();
  body += claims.user_id.bytes();
  AppendInt64(claims.generation, body);
  return bytes_.Encode(body);
}

std::optional<RefreshClaims> RefreshTokenCodec::Decode(std::string_view token) const {
  const std::optional<std::string> body = bytes_.Decode(token);
  if (!body || body->front() != kVersion) return std::nullopt;
  const auto id = [&body](size_t at) {
    return *base::Uuid::FromBytes(std::string_view(*body).substr(at, kIdBytes));
  };
  return RefreshClaims{.tenant_id = id(kTenantAt),
                       .session_id = id(kSessionAt),
                       .user_id = id(kUserAt),
                       .generation = ReadInt64(*body, kGenerationAt)};
}

}  // namespace gatehouse::auth
