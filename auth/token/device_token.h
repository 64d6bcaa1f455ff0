#ifndef GATEHOUSE_AUTH_TOKEN_DEVICE_TOKEN_H_
#define GATEHOUSE_AUTH_TOKEN_DEVICE_TOKEN_H_

#include <optional>
#include <string>
#include <string_view>

#include "auth/token/signed_bytes.h"
#include "auth/token/token_peppers.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// Makes and reads what a remembered device shows in the place of a second factor: gh_dt_ +
// base64url(version, tenant, user, device, 16 random bytes, MAC). Kept as a hash of the whole, as
// one-time tokens are; a forged one is refused without a query.
//
// Immutable, thread-safe.
class DeviceTokenCodec {
 public:
  struct Device {
    base::Uuid tenant_id;
    base::Uuid user_id;
    base::Uuid device_id;
    // SHA-256 of the token.
    std::string hash;
  };
  struct Made {
    std::string token;
    Device device;
  };

  explicit DeviceTokenCodec(const TokenPeppers& peppers);

  // Another one each time.
  Made Make(const base::Uuid& tenant_id, const base::Uuid& user_id,
            const base::Uuid& device_id) const;
  // nullopt for anything that Make did not make.
  std::optional<Device> Read(std::string_view token) const;

 private:
  const SignedBytes bytes_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_DEVICE_TOKEN_H_
