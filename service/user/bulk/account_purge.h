#ifndef GATEHOUSE_SERVICE_USER_BULK_ACCOUNT_PURGE_H_
#define GATEHOUSE_SERVICE_USER_BULK_ACCOUNT_PURGE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/api_key/api_key_store.h"
#include "storage/change.h"
#include "storage/user/user.h"
#include "storage/user_purge/user_purge_store.h"

namespace gatehouse::service {

struct AccountPurgeDeps {
  storage::UserPurgeStore& purges;
  storage::ApiKeyStore& api_keys;
};

// Removes the account of a deleted user as UserPurgeStore::PurgeAccount does, and ends the API keys
// that end with it: each has an event beside those of `change`. Returns the keys. Where there are
// very many, all but the last of them end in transactions of their own before.
base::Task<absl::StatusOr<std::vector<base::Uuid>>> PurgeAccountWithKeys(AccountPurgeDeps deps,
                                                                         base::CallContext ctx,
                                                                         storage::User user,
                                                                         bool erase, base::Time now,
                                                                         storage::Change change);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_BULK_ACCOUNT_PURGE_H_
