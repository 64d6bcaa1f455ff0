#include "auth/passkey/passkey_challenge.h"

namespace gatehouse::auth {
namespace {

constexpr char kVersion = 1;
constexpr size_t kIdBytes = 16;
constexpr size_t kNumberBytes = 8;
constexpr size_t kPurposeAt = 1;
constexpr size_t kTenantAt = kPurposeAt + 1;
constexpr size_t kUserAt = kTenantAt + kIdBytes;
constexpr size_t kNonceAt = kUserAt + kIdBytes;
constexpr size_t kExpireTimeAt = kNonceAt + PasskeyChallengeCodec::kNonceBytes;
constexpr SignedBytes::Format kFormat = {.scheme = "gh_pk_",
                                         .purpose = "gatehouse passkey challenge v1",
                                         .body_bytes = kExpireTimeAt + kNumberBytes,
                                         .subject_at = kUserAt};

}  // namespace

PasskeyChallengeCodec::PasskeyChallengeCodec(const TokenPeppers& peppers)
    : bytes_(peppers, kFormat) {}

std::string PasskeyChallengeCodec::Encode(const PasskeyChallenge& challenge) const {
  std::string body(1, kVersion);
  body.push_back(static_cast<char>(challenge.purpose));
  body += challenge.tenant_id.bytes();
  body += challenge.user_id.bytes();
  body += challenge.nonce;
  AppendInt64(base::ToMicros(challenge.expire_time), body);
  return bytes_.Encode(body);
}

std::optional<PasskeyChallenge> PasskeyChallengeCodec::Decode(std::string_view token) const {
  const std::optional<std::string> body = bytes_.Decode(token);
  if (!body || body->front() != kVersion) return std::nullopt;
  const auto id = [&body](size_t at) {
    return *base::Uuid::FromBytes(std::string_view(*body).substr(at, kIdBytes));
  };
  return PasskeyChallenge{.purpose = static_cast<PasskeyPurpose>((*body)[kPurposeAt]),
                          .tenant_id = id(kTenantAt),
                          .user_id = id(kUserAt),
                          .nonce = body->substr(kNonceAt, kNonceBytes),
                          .expire_time = base::TimeFromMicros(ReadInt64(*body, kExpireTimeAt))};
}

}  // namespace gatehouse::auth
