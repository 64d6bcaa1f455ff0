#include "auth/token/login_challenge.h"

namespace gatehouse::auth {
namespace {

constexpr char kVersion = 1;
constexpr size_t kIdBytes = 16;
constexpr size_t kNumberBytes = 8;
constexpr size_t kTenantAt = 1;
constexpr size_t kUserAt = kTenantAt + kIdBytes;
constexpr size_t kEpochAt = kUserAt + kIdBytes;
constexpr size_t kExpireTimeAt = kEpochAt + kNumberBytes;
constexpr SignedBytes::Format kFormat = {.scheme = "gh_lc_",
                                         .purpose = "gatehouse login challenge v1",
                                         .body_bytes = kExpireTimeAt + kNumberBytes,
                                         .subject_at = kUserAt};

}  // namespace

LoginChallengeCodec::LoginChallengeCodec(const TokenPeppers& peppers) : bytes_(peppers, kFormat) {}

std::string LoginChallengeCodec::Encode(const LoginChallenge& challenge) const {
  std::string body(1, kVersion);
  body += challenge.tenant_id.bytes();
  body += challenge.user_id.bytes();
  AppendInt64(challenge.user_epoch, body);
  AppendInt64(base::ToMicros(challenge.expire_time), body);
  return bytes_.Encode(body);
}

std::optional<LoginChallenge> LoginChallengeCodec::Decode(std::string_view token) const {
  const std::optional<std::string> body = bytes_.Decode(token);
  if (!body || body->front() != kVersion) return std::nullopt;
  const auto id = [&body](size_t at) {
    return *base::Uuid::FromBytes(std::string_view(*body).substr(at, kIdBytes));
  };
  return LoginChallenge{.tenant_id = id(kTenantAt),
                        .user_id = id(kUserAt),
                        .user_epoch = ReadInt64(*body, kEpochAt),
                        .expire_time = base::TimeFromMicros(ReadInt64(*body, kExpireTimeAt))};
}

}  // namespace gatehouse::auth
