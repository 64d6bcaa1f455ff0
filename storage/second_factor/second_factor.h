#ifndef GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_H_
#define GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/passkey/passkey.h"

namespace gatehouse::storage {

// An authenticator app of a user: a row of gatehouse.totp_factor.
struct TotpFactor {
  base::Uuid tenant_id;
  base::Uuid user_id;
  std::string secret;
  base::Time create_time;
  // When the user has shown that its app makes the codes; until then it counts for nothing.
  std::optional<base::Time> confirm_time;
  // The last step whose code was used: none up to it is good any more.
  int64_t last_step = 0;
};

// What a user can prove besides a password.
struct SecondFactors {
  // A login by password asks for one: of those below that there are, any will do.
  bool asks_for_passkeys = false;
  // A confirmed one.
  bool has_app = false;
  bool has_recovery_codes = false;
  bool has_passkeys = false;
};

// A device on which a user logs in without a second factor: a row of gatehouse.remembered_device.
struct RememberedDevice {
  base::Uuid id;
  std::string label;
  std::string ip_address;
  std::string user_agent;
  base::Time create_time;
  std::optional<base::Time> last_used_time;
  base::Time expire_time;
};

// What a remembered device has shown.
struct DeviceUse {
  base::Uuid device_id;
  std::string token_hash;
  base::Time now;
};

// A device that a login makes known.
struct NewDevice {
  RememberedDevice device;
  std::string token_hash;
};

// What a login proves besides the password, or by a passkey alone. Used up by it.
struct SecondFactorUse {
  // The step of a code of the app.
  std::optional<int64_t> totp_step = std::nullopt;
  // All that a recovery code may be kept as, else.
  std::vector<std::string> recovery_hashes = {};
  // The answer of a passkey; the others are empty then.
  std::optional<PasskeyUse> passkey = std::nullopt;
  // A remembered device, in the place of all of these.
  std::optional<DeviceUse> device = std::nullopt;
  // To be remembered with the login.
  std::optional<NewDevice> remember = std::nullopt;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_H_
