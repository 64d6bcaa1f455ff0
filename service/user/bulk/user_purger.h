#ifndef GATEHOUSE_SERVICE_USER_BULK_USER_PURGER_H_
#define GATEHOUSE_SERVICE_USER_BULK_USER_PURGER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "storage/api_key/api_key_store.h"
#include "storage/thread/thread_store.h"
#include "storage/user/user_store.h"
#include "storage/user_purge/user_purge_store.h"

namespace gatehouse::service {

// All of it outlives the turns.
struct UserPurgeDeps {
  storage::UserPurgeStore& purges;
  storage::UserStore& users;
  storage::ApiKeyStore& api_keys;
  storage::ThreadStore& threads;
  const base::Clock& clock;
};

struct UserPurgeTurn {
  // Users of whom nothing is left.
  int64_t users = 0;
  // Its time ran out: there may be others.
  bool unfinished = false;
};

// A turn of work for the tenant of `ctx`: removes what is left of users whose time is over, and out
// of the log those who are to be forgotten. In steps of a limited size, each a transaction of its
// own; what the time of `ctx` does not suffice for is for the next turn. Several instances may be
// at it: each step finds out whether another did it first.
base::Task<absl::StatusOr<UserPurgeTurn>> PurgeUsers(UserPurgeDeps deps, base::CallContext ctx);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_BULK_USER_PURGER_H_
