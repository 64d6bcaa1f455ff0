#include "auth/interceptors/tenant_of_call.h"

#include <optional>
#include <string_view>

namespace gatehouse::auth {
namespace {

constexpr std::string_view kMetadata = "x-gatehouse-tenant";
// Where HTTP/2 has the name of the host.
constexpr std::string_view kAuthority = ":authority";

}  // namespace

base::Uuid TenantOfCall(const rpc::ServerCall& call, const TenantDirectory& tenants) {
  if (const std::optional<std::string_view> named = call.Metadata(kMetadata)) {
    return tenants.Find(*named).value_or(base::Uuid());
  }
  if (const std::optional<std::string_view> host = call.Metadata(kAuthority)) {
    return tenants.FindHost(*host).value_or(base::kDefaultTenantId);
  }
  return base::kDefaultTenantId;
}

}  // namespace gatehouse::auth
