#include "auth/token/device_token.h"

#include <utility>

#include "base/hash.h"

namespace gatehouse::auth {
namespace {

constexpr char kVersion = 1;
constexpr size_t kIdBytes = 16;
constexpr size_t kRandomBytes = 16;
constexpr size_t kTenantAt = 1;
constexpr size_t kUserAt = kTenantAt + kIdBytes;
constexpr size_t kDeviceAt = kUserAt + kIdBytes;
constexpr size_t kRandomAt = kDeviceAt + kIdBytes;
constexpr SignedBytes::Format kFormat = {.scheme = "gh_dt_",
                                         .purpose = "gatehouse device token v1",
                                         .body_bytes = kRandomAt + kRandomBytes,
                                         .subject_at = kUserAt};

}  // namespace

DeviceTokenCodec::DeviceTokenCodec(const TokenPeppers& peppers) : bytes_(peppers, kFormat) {}

DeviceTokenCodec::Made DeviceTokenCodec::Make(const base::Uuid& tenant_id,
                                              const base::Uuid& user_id,
                                              const base::Uuid& device_id) const {
  std::string body(1, kVersion);
  body += tenant_id.bytes();
  body += user_id.bytes();
  body += device_id.bytes();
  body += base::RandomBytes(kRandomBytes);
  std::string token = bytes_.Encode(body);
  Device device{.tenant_id = tenant_id,
                .user_id = user_id,
                .device_id = device_id,
                .hash = base::Sha256(token)};
  return {.token = std::move(token), .device = std::move(device)};
}

std::optional<DeviceTokenCodec::Device> DeviceTokenCodec::Read(std::string_view token) const {
  const std::optional<std::string> body = bytes_.Decode(token);
  if (!body || body->front() != kVersion) return std::nullopt;
  const auto id = [&body](size_t at) {
    return *base::Uuid::FromBytes(std::string_view(*body).substr(at, kIdBytes));
  };
  return Device{.tenant_id = id(kTenantAt),
                .user_id = id(kUserAt),
                .device_id = id(kDeviceAt),
                .hash = base::Sha256(token)};
}

}  // namespace gatehouse::auth
