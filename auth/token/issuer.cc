#include "auth/token/issuer.h"

#include <cstddef>

#include "base/text/ascii.h"

namespace gatehouse::auth {

bool IsIssuerUrl(std::string_view issuer) {
  const bool has_scheme = base::StartsWithIgnoringCase(issuer, "https://") ||
                          base::StartsWithIgnoringCase(issuer, "http://");
  const size_t host = issuer.find("//") + 2;
  return has_scheme && issuer.size() > host && issuer[host] != '/' &&
         issuer.find_first_of("?# ") == std::string_view::npos;
}

std::string UrlBelow(std::string_view issuer, std::string_view path) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer).append(path);
}

std::string IssuerOfTenant(std::string_view issuer, const base::Uuid& tenant_id) {
  if (tenant_id == base::kDefaultTenantId || !IsIssuerUrl(issuer)) return std::string(issuer);
  return UrlBelow(issuer, "/t/" + tenant_id.ToString());
}

}  // namespace gatehouse::auth
