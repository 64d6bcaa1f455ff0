#ifndef GATEHOUSE_AUTH_TENANT_TENANT_DIRECTORY_H_
#define GATEHOUSE_AUTH_TENANT_TENANT_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/mutex.h"
#include "base/call_context.h"
#include "base/uuid.h"
#include "storage/tenant/tenant.h"

namespace gatehouse::auth {

// The tenants as this instance knows them: how each is named, and whether it takes calls. In memory
// as a whole (storage::kMaxTenants), so that neither the state of a caller's tenant nor a name that
// somebody made up costs a statement. What other instances change it learns by the log
// (RevocationFollower), within a second.
//
// The default tenant is the operator's: it is there and active without being told.
//
// Thread-safe.
class TenantDirectory {
 public:
  // Replaces all that is known by what was read, unless something was put meanwhile: since
  // changes() was `changes`. Whether it did.
  bool Replace(const std::vector<storage::Tenant>& tenants, uint64_t changes);
  uint64_t changes() const;
  // As it was written or read; an older version than the known one changes nothing.
  void Put(const storage::Tenant& tenant);

  // By its id or its name; nullopt if there is none.
  std::optional<base::Uuid> Find(std::string_view id_or_name) const;
  // By a host as clients name it, with a port or without.
  std::optional<base::Uuid> FindHost(std::string_view host) const;

  // OK; UNAVAILABLE, TENANT_FROZEN or TENANT_MOVED with where to. OK as well for one that is not
  // known: whoever has a credential of it is here before the news of it.
  absl::Status CheckActive(const base::Uuid& id) const;

  // For a call without credentials that shows a token of tenant `id`, and so says whose it is: from
  // here on the call is that tenant's. False if the call names another one than the default.
  // UNAVAILABLE as CheckActive.
  absl::StatusOr<bool> Enter(const base::CallContext& ctx, const base::Uuid& id) const;

  // Those that are active, the default tenant among them, in the order of their ids from behind
  // `after` on; at most `limit`.
  std::vector<base::Uuid> ListActive(const base::Uuid& after, size_t limit) const;

  // How many are known, active or not.
  size_t size() const;

 private:
  // What is kept of one.
  struct Known {
    std::string name;
    std::vector<std::string> host_names;
    storage::TenantState state = storage::TenantState::kActive;
    std::string moved_to;
    int64_t version = 0;
  };
  using Names = std::map<std::string, base::Uuid, std::less<>>;

  void Add(const storage::Tenant& tenant) GH_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::map<base::Uuid, Known> tenants_ GH_GUARDED_BY(mutex_);
  Names by_name_ GH_GUARDED_BY(mutex_);
  Names by_host_ GH_GUARDED_BY(mutex_);
  uint64_t changes_ GH_GUARDED_BY(mutex_) = 0;
};

// NOT_FOUND, TENANT_NOT_FOUND.
absl::Status TenantNotFound();

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TENANT_TENANT_DIRECTORY_H_
