#ifndef GATEHOUSE_SERVICE_TENANT_TENANT_FIELDS_H_
#define GATEHOUSE_SERVICE_TENANT_TENANT_FIELDS_H_

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/common/validate.h"
#include "storage/change.h"
#include "storage/tenant/tenant.h"

namespace gatehouse::v1 {
class Tenant;
}

namespace gatehouse::service {

// The fields of a tenant that can be changed.
inline constexpr std::array<std::string_view, 5> kTenantFields = {"display_name", "host_names",
                                                                  "state", "moved_to", "labels"};

// Makes `fields` of `tenant` what they are in `proto`; what is wrong goes to `checks`.
void ApplyTenantFields(const v1::Tenant& proto, std::span<const std::string> fields,
                       storage::Tenant& tenant, FieldChecks& checks);

// The names of those that differ.
std::vector<std::string> ChangedTenantFields(const storage::Tenant& before,
                                             const storage::Tenant& after);

absl::Status ToProto(const storage::Tenant& tenant, v1::Tenant& out);

// "FROZEN" and the like.
std::string_view TenantStateName(storage::TenantState state);

// The events of a change to `tenant`: one for the operator's log, one for the tenant's own, unless
// they are the same.
storage::ChangeEvents TenantEvents(const base::CallContext& ctx, base::Time now,
                                   std::string_view type, const storage::Tenant& tenant,
                                   const std::string& details_json = "{}");

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_TENANT_TENANT_FIELDS_H_
