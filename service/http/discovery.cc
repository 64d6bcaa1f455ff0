#include "service/http/discovery.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/text/ascii.h"

namespace gatehouse::service::http {
namespace {

using Json = nlohmann::ordered_json;

// Without a query and a fragment, as both specifications want it.
bool IsUrl(std::string_view issuer) {
  const bool has_scheme = base::StartsWithIgnoringCase(issuer, "https://") ||
                          base::StartsWithIgnoringCase(issuer, "http://");
  const size_t host = issuer.find("//") + 2;
  return has_scheme && issuer.size() > host && issuer[host] != '/' &&
         issuer.find_first_of("?# ") == std::string_view::npos;
}

Json AlgorithmsOf(std::string_view jwks_json) {
  std::set<std::string> algorithms;
  const Json jwks = Json::parse(jwks_json, nullptr, /*allow_exceptions=*/false);
  if (jwks.is_object() && jwks.contains("keys")) {
    for (const Json& key : jwks["keys"]) algorithms.insert(key.value("alg", std::string()));
  }
  return algorithms;
}

}  // namespace

std::optional<std::string> DiscoveryDocument(std::string_view issuer, std::string_view jwks_json) {
  if (!IsUrl(issuer)) return std::nullopt;
  std::string_view base = issuer;
  if (base.ends_with('/')) base.remove_suffix(1);
  // Nobody is sent here to log in: there are no endpoints, but for the keys. The members that are
  // there all the same are those without which a document is not valid.
  const Json document = {
      {"issuer", issuer},
      {"jwks_uri", std::string(base) + "/.well-known/jwks.json"},
      {"response_types_supported", Json::array({"none"})},
      {"subject_types_supported", Json::array({"public"})},
      {"id_token_signing_alg_values_supported", AlgorithmsOf(jwks_json)},
      {"claims_supported", Json::array({"iss", "aud", "sub", "tid", "sid", "uep", "roles", "amr",
                                        "auth_time", "jti", "iat", "exp"})},
  };
  return document.dump();
}

}  // namespace gatehouse::service::http
