#ifndef GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_H_
#define GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_H_

#include <optional>
#include <string>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// A signing key as it is stored: gatehouse.signing_key.
struct SigningKeyRow {
  base::Uuid tenant_id;
  std::string key_id;
  std::string algorithm;
  // SubjectPublicKeyInfo, DER.
  std::string public_key;
  // PKCS #8, DER, sealed under the master key and bound to tenant and key id.
  std::string private_key;
  base::Time create_time;
  base::Time active_from;
  std::optional<base::Time> retired_at;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_H_
