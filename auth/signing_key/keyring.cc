#include "auth/signing_key/keyring.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// Whether every token it signed has expired.
bool IsDead(std::optional<base::Time> retired_at, base::Time now, const RotationPolicy& policy) {
  return retired_at && *retired_at + policy.retention <= now;
}

bool IsRetired(std::optional<base::Time> retired_at, base::Time now) {
  return retired_at && *retired_at <= now;
}

// Of keys in order of active_from, the one that signs: the youngest whose time
// has come, or else the first to come. Null if all are retired.
template <typename T, typename Get>
const T* ChooseCurrent(const std::vector<T>& keys, base::Time now, Get get) {
  const T* chosen = nullptr;
  for (const T& key : keys) {
    if (IsRetired(get(key).retired_at, now)) continue;
    if (chosen != nullptr && get(key).active_from > now) break;
    chosen = &key;
  }
  return chosen;
}

struct Times {
  base::Time active_from;
  std::optional<base::Time> retired_at;
};

Times TimesOf(const SigningKeyRow* key) { return {key->active_from, key->retired_at}; }

// Those that sign or will sign, in order of active_from.
std::vector<const SigningKeyRow*> LiveKeys(std::span<const SigningKeyRow> rows, base::Time now) {
  std::vector<const SigningKeyRow*> live;
  for (const SigningKeyRow& row : rows) {
    if (!IsRetired(row.retired_at, now)) live.push_back(&row);
  }
  std::ranges::sort(live, {}, [](const SigningKeyRow* key) {
    return std::pair(key->active_from, std::string_view(key->key_id));
  });
  return live;
}

}  // namespace

RotationPlan PlanRotation(std::span<const SigningKeyRow> rows, base::Time now,
                          const RotationPolicy& policy) {
  RotationPlan plan;
  for (const SigningKeyRow& row : rows) {
    if (IsDead(row.retired_at, now, policy)) plan.remove.push_back(row.key_id);
  }
  const std::vector<const SigningKeyRow*> live = LiveKeys(rows, now);
  const SigningKeyRow* const* current = ChooseCurrent(live, now, TimesOf);
  if (current == nullptr) {
    plan.add_active_from = now;
    return plan;
  }
  // Every key stops when the one after it starts, also where a crash or a second
  // instance left that undone.
  for (size_t i = 0; i + 1 < live.size(); ++i) {
    if (!live[i]->retired_at) plan.retire.push_back({live[i]->key_id, live[i + 1]->active_from});
  }
  const SigningKeyRow& last = *live.back();
  if (last.retired_at) {
    // It was told to stop, and nothing follows.
    plan.add_active_from = *last.retired_at;
  } else if (*current == &last && last.active_from + policy.period - policy.publish_lead <= now) {
    plan.add_active_from = std::max(now + policy.publish_lead, last.active_from + policy.period);
    plan.retire.push_back({last.key_id, *plan.add_active_from});
  }
  return plan;
}

RotationPlan PlanEarlyRotation(std::span<const SigningKeyRow> rows, base::Time now,
                               const RotationPolicy& policy) {
  RotationPlan plan = PlanRotation(rows, now, policy);
  if (plan.add_active_from) return plan;
  const std::vector<const SigningKeyRow*> live = LiveKeys(rows, now);
  const SigningKeyRow* const* current = ChooseCurrent(live, now, TimesOf);
  if (*current != live.back()) return {};
  plan.add_active_from = now + policy.publish_lead;
  plan.retire.push_back({live.back()->key_id, *plan.add_active_from});
  return plan;
}

RotationPlan PlanEmergencyRotation(std::span<const SigningKeyRow> rows, base::Time now) {
  RotationPlan plan{.add_active_from = now};
  for (const SigningKeyRow& row : rows) plan.remove.push_back(row.key_id);
  return plan;
}

struct Keyring::Snapshot {
  // In order of active_from.
  std::map<base::Uuid, std::vector<std::shared_ptr<const SigningKey>>> by_tenant;
  // Keys are views of SigningKey::token_header().
  absl::flat_hash_map<std::string_view, std::shared_ptr<const SigningKey>,
                      std::hash<std::string_view>>
      by_header;

  // The key of this row as it is; null if there is none. Its id stands for the key itself.
  std::shared_ptr<const SigningKey> FindSame(const SigningKeyRow& row) const {
    const auto tenant = by_tenant.find(row.tenant_id);
    if (tenant == by_tenant.end()) return nullptr;
    const auto found = std::ranges::find_if(tenant->second, [&](const auto& key) {
      return key->key_id() == row.key_id && key->active_from() == row.active_from &&
             key->retired_at() == row.retired_at;
    });
    return found == tenant->second.end() ? nullptr : *found;
  }
};

Keyring::Keyring(storage::SealingKeys keys, RotationPolicy policy)
    : keys_(std::move(keys)), policy_(policy), snapshot_(std::make_shared<const Snapshot>()) {}

absl::Status Keyring::Load(std::span<const SigningKeyRow> rows) {
  const std::shared_ptr<const Snapshot> former = this->snapshot();
  auto snapshot = std::make_shared<Snapshot>();
  for (const SigningKeyRow& row : rows) {
    // To unseal a key takes a while, and nearly all are those of a minute ago.
    std::shared_ptr<const SigningKey> key = former->FindSame(row);
    if (key == nullptr) {
      GH_ASSIGN_OR_RETURN(key, SigningKey::Load(row, keys_));
    }
    if (!snapshot->by_header.emplace(key->token_header(), key).second) {
      return base::InternalError("two signing keys have the id " + row.key_id);
    }
    snapshot->by_tenant[row.tenant_id].push_back(key);
  }
  for (auto& [tenant, keys] : snapshot->by_tenant) {
    std::ranges::sort(keys, {}, [](const auto& key) { return key->active_from(); });
  }
  base::MutexLock lock(mutex_);
  snapshot_ = std::move(snapshot);
  return absl::OkStatus();
}

std::shared_ptr<const Keyring::Snapshot> Keyring::snapshot() const {
  base::MutexLock lock(mutex_);
  return snapshot_;
}

std::shared_ptr<const SigningKey> Keyring::Current(const base::Uuid& tenant_id,
                                                   base::Time now) const {
  const std::shared_ptr<const Snapshot> keys = snapshot();
  const auto tenant = keys->by_tenant.find(tenant_id);
  if (tenant == keys->by_tenant.end()) return nullptr;
  const auto* current = ChooseCurrent(tenant->second, now, [](const auto& key) {
    return Times{key->active_from(), key->retired_at()};
  });
  return current == nullptr ? nullptr : *current;
}

std::shared_ptr<const SigningKey> Keyring::FindByHeader(std::string_view header,
                                                        base::Time now) const {
  const std::shared_ptr<const Snapshot> keys = snapshot();
  const auto found = keys->by_header.find(header);
  if (found == keys->by_header.end()) return nullptr;
  return IsDead(found->second->retired_at(), now, policy_) ? nullptr : found->second;
}

size_t Keyring::size() const { return snapshot()->by_header.size(); }

std::string Keyring::JwksJson(const base::Uuid& tenant_id, base::Time now) const {
  const std::shared_ptr<const Snapshot> keys = snapshot();
  std::string json = R"({"keys":[)";
  if (const auto tenant = keys->by_tenant.find(tenant_id); tenant != keys->by_tenant.end()) {
    bool first = true;
    for (const auto& key : tenant->second) {
      if (IsDead(key->retired_at(), now, policy_)) continue;
      if (!std::exchange(first, false)) json += ',';
      json += key->jwk_json();
    }
  }
  return json + "]}";
}

}  // namespace gatehouse::auth
