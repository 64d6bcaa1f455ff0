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
constexpr int64_t kPageBytes = int64_t{3} << 20;
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
      GH_CO_ASSIGN_OR_RETURN(storage::TenantStore::Page page,
                             co_await store_.List(ctx, after, kPage, kPageBytes));
      std::vector<storage::Tenant>& read = page.tenants;
      more = page.cut || static_cast<int64_t>(read.size()) == kPage;
      if (!read.empty()) after = read.back().name;
      all.insert(all.end(), std::move_iterator(read.begin()), std::move_iterator(read.end()));
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
