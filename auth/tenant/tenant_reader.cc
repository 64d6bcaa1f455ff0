#include "auth/tenant/tenant_reader.h"

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace gatehouse::auth {
namespace {

constexpr int64_t kPage = 1000;
// Tenants are changed by people. What another change gets into again is read next time.
constexpr int kMaxTries = 3;

}  // namespace

base::Task<absl::Status> TenantReader::Load(base::CallContext ctx) {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const uint64_t changes = directory_.changes();
    std::vector<storage::Tenant> all;
    std::string after;
    bool more = true;
    while (more) {
      GH_CO_ASSIGN_OR_RETURN(std::vector<storage::Tenant> page,
                             co_await store_.List(ctx, after, kPage));
      more = static_cast<int64_t>(page.size()) == kPage;
      if (!page.empty()) after = page.back().name;
      all.insert(all.end(), std::move_iterator(page.begin()), std::move_iterator(page.end()));
    }
    if (directory_.Replace(all, changes)) break;
  }
  co_return absl::OkStatus();
}

base::Task<absl::Status> TenantReader::Refresh(base::CallContext ctx, base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Tenant> tenant, co_await store_.Get(ctx, id));
  if (tenant) directory_.Put(*tenant);
  co_return absl::OkStatus();
}

}  // namespace gatehouse::auth
