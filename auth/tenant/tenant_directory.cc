#include "auth/tenant/tenant_directory.h"

#include <chrono>
#include <memory>
#include <utility>

#include "base/principal.h"
#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// A freeze lasts as long as a move or a dispute does: who asks sooner only asks more often.
constexpr std::chrono::milliseconds kRetryFrozen{30'000};

absl::Status Frozen() {
  return base::MakeError(absl::StatusCode::kUnavailable, "the tenant takes no calls at present",
                         {.reason = base::Reason::kTenantFrozen, .retry_after = kRetryFrozen});
}

absl::Status Moved(const std::string& destination) {
  base::ErrorDetails details{.reason = base::Reason::kTenantMoved};
  if (!destination.empty()) details.metadata = {{"destination", destination}};
  return base::MakeError(
      absl::StatusCode::kUnavailable,
      destination.empty() ? "the tenant has moved" : "the tenant has moved to " + destination,
      std::move(details));
}

// "Acme.Example.com.:443" -> "acme.example.com"; an address in brackets stays as it is.
std::string HostKey(std::string_view host) {
  if (!host.starts_with('[')) host = host.substr(0, host.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string key(host);
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key;
}

}  // namespace

absl::Status TenantNotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, "no such tenant",
                         {.reason = base::Reason::kTenantNotFound});
}

void TenantDirectory::Add(const storage::Tenant& tenant) {
  Known& known = tenants_[tenant.id];
  if (known.version >= tenant.version) return;
  ++changes_;
  // A name may have been another one's meanwhile, which is told later.
  for (const std::string& host : known.host_names) {
    if (const auto at = by_host_.find(host); at != by_host_.end() && at->second == tenant.id) {
      by_host_.erase(at);
    }
  }
  by_name_[tenant.name] = tenant.id;
  for (const std::string& host : tenant.host_names) by_host_[host] = tenant.id;
  known = {.name = tenant.name,
           .host_names = tenant.host_names,
           .state = tenant.state,
           .moved_to = tenant.moved_to,
           .version = tenant.version};
}

bool TenantDirectory::Replace(const std::vector<storage::Tenant>& tenants, uint64_t changes) {
  base::MutexLock lock(mutex_);
  if (changes_ != changes) return false;
  tenants_.clear();
  by_name_.clear();
  by_host_.clear();
  for (const storage::Tenant& tenant : tenants) Add(tenant);
  return true;
}

uint64_t TenantDirectory::changes() const {
  base::MutexLock lock(mutex_);
  return changes_;
}

void TenantDirectory::Put(const storage::Tenant& tenant) {
  base::MutexLock lock(mutex_);
  Add(tenant);
}

std::optional<base::Uuid> TenantDirectory::Find(std::string_view id_or_name) const {
  const std::optional<base::Uuid> id = base::Uuid::Parse(id_or_name);
  if (id && *id == base::kDefaultTenantId) return id;
  base::MutexLock lock(mutex_);
  if (id) return tenants_.contains(*id) ? id : std::nullopt;
  const auto found = by_name_.find(id_or_name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

std::optional<base::Uuid> TenantDirectory::FindHost(std::string_view host) const {
  base::MutexLock lock(mutex_);
  if (by_host_.empty()) return std::nullopt;
  const auto found = by_host_.find(HostKey(host));
  if (found == by_host_.end()) return std::nullopt;
  return found->second;
}

absl::Status TenantDirectory::CheckActive(const base::Uuid& id) const {
  if (id == base::kDefaultTenantId) return absl::OkStatus();
  base::MutexLock lock(mutex_);
  const auto found = tenants_.find(id);
  if (found == tenants_.end()) return absl::OkStatus();
  switch (found->second.state) {
    case storage::TenantState::kActive:
      return absl::OkStatus();
    case storage::TenantState::kFrozen:
      return Frozen();
    case storage::TenantState::kMoved:
      return Moved(found->second.moved_to);
  }
  // Of a later release: what it means is not known here.
  return Frozen();
}

absl::StatusOr<bool> TenantDirectory::Enter(const base::CallContext& ctx,
                                            const base::Uuid& id) const {
  const base::Principal& caller = ctx.principal();
  const bool anonymous = caller.kind == base::Principal::Kind::kAnonymous;
  if (anonymous && caller.tenant_id != base::kDefaultTenantId && caller.tenant_id != id) {
    return false;
  }
  GH_RETURN_IF_ERROR(CheckActive(id));
  if (anonymous && caller.tenant_id != id) {
    base::Principal entered = caller;
    entered.tenant_id = id;
    ctx.set_principal(std::make_shared<const base::Principal>(std::move(entered)));
  }
  return true;
}

std::vector<base::Uuid> TenantDirectory::ListActive(const base::Uuid& after, size_t limit) const {
  std::vector<base::Uuid> ids;
  // The first of all: its id is of the Unix epoch.
  if (after < base::kDefaultTenantId && limit > 0) ids.push_back(base::kDefaultTenantId);
  base::MutexLock lock(mutex_);
  for (auto at = tenants_.upper_bound(after); at != tenants_.end() && ids.size() < limit; ++at) {
    const auto& [id, known] = *at;
    if (id == base::kDefaultTenantId || known.state != storage::TenantState::kActive) continue;
    ids.push_back(id);
  }
  return ids;
}

size_t TenantDirectory::size() const {
  base::MutexLock lock(mutex_);
  return tenants_.size();
}

}  // namespace gatehouse::auth
