#include "auth/token/one_time_token.h"

#include <algorithm>

#include "base/hash.h"
#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

constexpr char kVersion = 1;
constexpr size_t kIdBytes = 16;
constexpr size_t kTenantAt = 2;
constexpr size_t kUserAt = kTenantAt + kIdBytes;
constexpr size_t kRandomAt = kUserAt + kIdBytes;
constexpr size_t kRandomBytes = 16;
constexpr SignedBytes::Format kFormat = {.scheme = "gh_ot_",
                                         .purpose = "gatehouse one-time token v1",
                                         .body_bytes = kRandomAt + kRandomBytes,
                                         .subject_at = kUserAt};

}  // namespace

OneTimeTokenCodec::OneTimeTokenCodec(const TokenPeppers& peppers) : bytes_(peppers, kFormat) {}

OneTimeTokenCodec::Made OneTimeTokenCodec::Make(storage::OneTimePurpose purpose,
                                                const base::Uuid& tenant_id,
                                                const base::Uuid& user_id) const {
  std::string body{kVersion, static_cast<char>(purpose)};
  body += tenant_id.bytes();
  body += user_id.bytes();
  body += base::RandomBytes(kRandomBytes);
  Made made{.token = bytes_.Encode(body)};
  made.key = {.tenant_id = tenant_id,
              .user_id = user_id,
              .purpose = purpose,
              .hash = base::Sha256(made.token)};
  return made;
}

std::optional<storage::OneTimeTokenKey> OneTimeTokenCodec::Read(
    std::initializer_list<storage::OneTimePurpose> purposes, std::string_view token) const {
  const std::optional<std::string> body = bytes_.Decode(token);
  if (!body || (*body)[0] != kVersion) return std::nullopt;
  const auto purpose = static_cast<storage::OneTimePurpose>((*body)[1]);
  if (std::ranges::find(purposes, purpose) == purposes.end()) return std::nullopt;
  const auto id = [&body](size_t at) {
    return *base::Uuid::FromBytes(std::string_view(*body).substr(at, kIdBytes));
  };
  return storage::OneTimeTokenKey{.tenant_id = id(kTenantAt),
                                  .user_id = id(kUserAt),
                                  .purpose = purpose,
                                  .hash = base::Sha256(token)};
}

absl::Status OneTimeTokenInvalid() {
  return base::MakeError(absl::StatusCode::kInvalidArgument,
                         "The token is not valid: it may have been used, replaced or expired.",
                         {.reason = base::Reason::kOneTimeTokenInvalid});
}

}  // namespace gatehouse::auth
