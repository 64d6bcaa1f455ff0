#include "service/user/bulk/account_purge.h"

#include <cstdint>
#include <utility>

#include "base/status.h"
#include "service/user/user_rules.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

// Of one transaction.
constexpr int32_t kKeysAtOnce = 1'000;

}  // namespace

base::Task<absl::StatusOr<std::vector<base::Uuid>>> PurgeAccountWithKeys(AccountPurgeDeps deps,
                                                                         base::CallContext ctx,
                                                                         storage::User user,
                                                                         bool erase, base::Time now,
                                                                         storage::Change change) {
  std::vector<base::Uuid> ended;
  while (true) {
    // One more than are ended tells whether there are.
    GH_CO_ASSIGN_OR_RETURN(
        std::vector<storage::ApiKey> keys,
        co_await deps.api_keys.ListEndingWith(ctx, user.tenant_id, user.id, now, kKeysAtOnce + 1));
    const bool all = keys.size() <= kKeysAtOnce;
    if (!all) keys.pop_back();
    std::vector<base::Uuid> ids;
    std::vector<storage::Event> events;
    for (const storage::ApiKey& key : keys) {
      ids.push_back(key.id);
      events.push_back(KeyEvent(ctx, now, storage::event_types::kApiKeyRevoked, key));
    }
    ended.insert(ended.end(), ids.begin(), ids.end());
    if (all) {
      for (storage::Event& event : events) change.events.Add(std::move(event));
      GH_CO_RETURN_IF_ERROR(co_await deps.purges.PurgeAccount(ctx, std::move(user), std::move(ids),
                                                              erase, now, std::move(change)));
      co_return ended;
    }
    storage::Change some{.events = *storage::ChangeEvents::FromList(std::move(events))};
    GH_CO_RETURN_IF_ERROR(
        co_await deps.purges.EndKeys(ctx, user, std::move(ids), now, std::move(some)));
  }
}

}  // namespace gatehouse::service
