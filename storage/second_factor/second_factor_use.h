#ifndef GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_USE_H_
#define GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_USE_H_

#include "base/uuid.h"
#include "storage/postgres/client/batch.h"
#include "storage/second_factor/second_factor.h"

namespace gatehouse::storage {

// Uses a code up in the batch of the login that it permits. UNAUTHENTICATED, LOGIN_FAILED, which
// undoes the whole batch, if it was used before: of two at a time one waits here for the other.
// One statement, two for a passkey, and one more for a device to remember.
void AppendUseSecondFactor(postgres::Batch& batch, const base::Uuid& tenant_id,
                           const base::Uuid& user_id, const SecondFactorUse& use);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_USE_H_
