#include "auth/verifier/key_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"

namespace gatehouse::auth {

absl::StatusOr<std::shared_ptr<const KeySet>> KeySet::Parse(std::string_view jwks_json) {
  using Json = nlohmann::ordered_json;
  const Json jwks = Json::parse(jwks_json, nullptr, /*allow_exceptions=*/false);
  if (!jwks.is_object() || !jwks.contains("keys") || !jwks["keys"].is_array() ||
      jwks["keys"].size() > kMaxKeys) {
    return absl::InvalidArgumentError("not a JSON Web Key Set of at most 100 keys");
  }
  auto keys = std::make_shared<KeySet>();
  for (const Json& jwk : jwks["keys"]) {
    absl::StatusOr<std::shared_ptr<const PublicKey>> key = PublicKey::FromJwk(jwk.dump());
    if (key.ok()) keys->by_header_.emplace((*key)->token_header(), *std::move(key));
  }
  if (keys->by_header_.empty()) return absl::InvalidArgumentError("the key set has no usable key");
  return keys;
}

const PublicKey* KeySet::Find(std::string_view header) const {
  const auto found = by_header_.find(header);
  return found == by_header_.end() ? nullptr : found->second.get();
}

bool KeySet::HasAllOf(const KeySet& other) const {
  return std::ranges::all_of(
      other.by_header_, [this](const auto& entry) { return by_header_.contains(entry.first); });
}

}  // namespace gatehouse::auth
