#ifndef GATEHOUSE_SERVICE_SEED_ROLE_SEEDER_H_
#define GATEHOUSE_SERVICE_SEED_ROLE_SEEDER_H_

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "base/async/loop.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/seed/seed_file.h"
#include "storage/role/role_store.h"

namespace gatehouse::service {

// Brings one role in line with its entry, with an event if there was something
// to do: then `tell` gets "created" or "updated". In a dry run nothing but that
// happens. Roles have no method that callers could use, so this goes to the
// store.
//
// INVALID_ARGUMENT, before anything is done, names the member: a name that no
// role can have or that is built in, a permission there is none of. The caller
// adds which entry it was.
//
// Blocks; on a thread that is no loop. `context` is of the server itself, on `loop`.
absl::Status ApplySeedRole(storage::RoleStore& roles, base::Loop& loop, base::CallContext context,
                           const base::Clock& clock, const SeedRole& seed, bool dry_run,
                           const std::function<void(std::string_view done)>& tell);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SEED_ROLE_SEEDER_H_
