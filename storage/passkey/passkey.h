#ifndef GATEHOUSE_STORAGE_PASSKEY_PASSKEY_H_
#define GATEHOUSE_STORAGE_PASSKEY_PASSKEY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// A WebAuthn credential of a user: a row of gatehouse.passkey.
struct Passkey {
  base::Uuid tenant_id;
  base::Uuid user_id;
  base::Uuid id;
  std::string credential_id;
  // As auth::PasskeyAlgorithm.
  int32_t algorithm = 0;
  std::string public_key;
  // The highest that was seen; 0 for authenticators that do not count.
  int64_t sign_count = 0;
  base::Uuid aaguid;
  std::vector<std::string> transports;
  bool backup_eligible = false;
  bool backed_up = false;
  std::string display_name;
  base::Time create_time;
  std::optional<base::Time> last_used_time;
};

// That a challenge was answered, which can be done once.
struct PasskeyChallengeUse {
  std::string nonce;
  // Until then it has to be remembered.
  base::Time expire_time;
};

// An answer to a challenge that was verified. Used up by what it permits.
struct PasskeyUse {
  base::Uuid passkey_id;
  PasskeyChallengeUse challenge;
  int64_t sign_count = 0;
  bool backed_up = false;
  base::Time now;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_PASSKEY_PASSKEY_H_
