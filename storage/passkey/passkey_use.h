#ifndef GATEHOUSE_STORAGE_PASSKEY_PASSKEY_USE_H_
#define GATEHOUSE_STORAGE_PASSKEY_PASSKEY_USE_H_

#include "base/time.h"
#include "base/uuid.h"
#include "storage/passkey/passkey.h"
#include "storage/postgres/client/batch.h"

namespace gatehouse::storage {

// Uses an answer up in the batch of what it permits. UNAUTHENTICATED, LOGIN_FAILED, which undoes
// the whole batch, if the challenge was answered before, the passkey is gone, or its count has gone
// on meanwhile: of two at a time one waits here for the other. Two statements.
void AppendUsePasskey(postgres::Batch& batch, const base::Uuid& tenant_id,
                      const base::Uuid& user_id, const PasskeyUse& use);

// The same of a challenge alone: PASSKEY_INVALID if it was answered before. One statement.
void AppendUsePasskeyChallenge(postgres::Batch& batch, const base::Uuid& tenant_id,
                               const PasskeyChallengeUse& challenge, base::Time now);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_PASSKEY_PASSKEY_USE_H_
