#ifndef GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_SEALING_H_
#define GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_SEALING_H_

#include <string>

#include "base/uuid.h"

namespace gatehouse::storage {

// What the sealed secret of a user's authenticator app is bound to: that of another user does not
// open.
inline std::string TotpSealContext(const base::Uuid& tenant_id, const base::Uuid& user_id) {
  return "totp secret " + tenant_id.ToString() + " " + user_id.ToString();
}

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_SEALING_H_
