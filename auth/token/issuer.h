#ifndef GATEHOUSE_AUTH_TOKEN_ISSUER_H_
#define GATEHOUSE_AUTH_TOKEN_ISSUER_H_

#include <string>
#include <string_view>

#include "base/uuid.h"

namespace gatehouse::auth {

// Whether keys can be found by the issuer of a token: it is an http or https URL with a host and
// without a query and a fragment, as OpenID Connect Discovery 1.0 and RFC 8414 want it.
bool IsIssuerUrl(std::string_view issuer);

// What is served below an issuer, as a URL: `path` begins with a '/'.
std::string UrlBelow(std::string_view issuer, std::string_view path);

// The `iss` of a tenant's access tokens. `issuer` (auth.issuer) is the default tenant's. Another
// tenant has keys of its own, and an issuer below that one by which nothing but these is found:
// "https://id.example.com/t/" and its id. Where `issuer` is no URL nothing is found by it, and it
// is that of all tenants.
std::string IssuerOfTenant(std::string_view issuer, const base::Uuid& tenant_id);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_ISSUER_H_
