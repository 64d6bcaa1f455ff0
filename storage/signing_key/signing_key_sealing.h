#ifndef GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_SEALING_H_
#define GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_SEALING_H_

#include <string>
#include <string_view>

#include "base/uuid.h"

namespace gatehouse::storage {

// What a sealed private key is bound to: in another row it does not open.
inline std::string SigningKeySealContext(const base::Uuid& tenant_id, std::string_view key_id) {
  return "gatehouse signing key v1" + std::string(tenant_id.bytes()) + std::string(key_id);
}

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_SEALING_H_
