#ifndef GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_USE_H_
#define GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_USE_H_

#include "base/time.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/postgres/client/batch.h"
#include "storage/user/user.h"

namespace gatehouse::storage {

// Uses a token up in the batch of what it permits, before that. INVALID_ARGUMENT,
// ONE_TIME_TOKEN_INVALID, which undoes the whole batch, if it cannot be used at `now`: of two at a
// time one waits here for the other and finds nothing. One statement.
void AppendUseOneTimeToken(postgres::Batch& batch, const OneTimeTokenKey& key, base::Time now);

// Keeps a token in the batch that makes its user, after that; or in one of its own
// (OneTimeTokenStore::Put). ABORTED, CONFLICT unless `user` is as given and the token that it takes
// the place of was made by `replaces_until`. One statement.
void AppendPutOneTimeToken(postgres::Batch& batch, const OneTimeToken& token, const User& user,
                           base::Time replaces_until = base::Time::max());

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_USE_H_
