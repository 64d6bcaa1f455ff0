#ifndef GATEHOUSE_AUTH_SIGNING_KEY_KEYRING_H_
#define GATEHOUSE_AUTH_SIGNING_KEY_KEYRING_H_

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "auth/signing_key/signing_key.h"
#include "base/async/mutex.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/sealing_keys.h"

namespace gatehouse::auth {

// When signing keys come and go.
struct RotationPolicy {
  // How long a key signs.
  std::chrono::seconds period = std::chrono::days(30);
  // A key is published this long before it signs, so that verifiers that keep a
  // key set for up to this long never see a token of an unknown key.
  std::chrono::seconds publish_lead = std::chrono::minutes(10);
  // Kept this long after it stopped signing: the lifetime of an access token
  // and an allowance for clocks that differ.
  std::chrono::seconds retention = std::chrono::minutes(10);
};

// What has to change so that one key signs now and the next is published in time.
struct RotationPlan {
  struct Retirement {
    std::string key_id;
    base::Time retired_at;
  };

  // A new key is needed, to sign from then on.
  std::optional<base::Time> add_active_from;
  // The key in use stops when the new one starts.
  std::vector<Retirement> retire;
  // Every token of these has died.
  std::vector<std::string> remove;

  bool empty() const { return !add_active_from && retire.empty() && remove.empty(); }
};

// A pure function of the keys of one tenant. Applying the plan and planning again at
// the same time gives an empty plan. Instances that apply it at once must compare and
// swap (insert only if no later key exists).
RotationPlan PlanRotation(std::span<const SigningKeyRow> rows, base::Time now,
                          const RotationPolicy& policy);

// What has to change so that another key signs, though it is not time yet: published before it
// signs, as always. Empty if a successor is published already.
RotationPlan PlanEarlyRotation(std::span<const SigningKeyRow> rows, base::Time now,
                               const RotationPolicy& policy);

// What has to change so that none of the keys is trusted any more, and a new one signs at once.
RotationPlan PlanEmergencyRotation(std::span<const SigningKeyRow> rows, base::Time now);

// The signing keys of this instance: a snapshot that is replaced as a whole
// whenever the rows were read again. Thread-safe.
class Keyring {
 public:
  // `keys` seal the private halves.
  Keyring(storage::SealingKeys keys, RotationPolicy policy);

  // Replaces the snapshot. On error the former one stays.
  absl::Status Load(std::span<const SigningKeyRow> rows);

  // The key that signs for `tenant_id` now. Null only if the tenant has none at all
  // or every one is retired. Where clocks of instances differ a key may be
  // young enough to lie in the future here; it signs if there is no other.
  std::shared_ptr<const SigningKey> Current(const base::Uuid& tenant_id, base::Time now) const;

  // The key whose tokens begin with exactly `header` (SigningKey::token_header);
  // null if there is none, or if it has been retired for longer than any token lives.
  std::shared_ptr<const SigningKey> FindByHeader(std::string_view header, base::Time now) const;

  // The public halves as a JSON Web Key Set, RFC 7517, future keys included.
  std::string JwksJson(const base::Uuid& tenant_id, base::Time now) const;

  // How many keys of all tenants.
  size_t size() const;

  const storage::SealingKeys& sealing_keys() const { return keys_; }
  const RotationPolicy& policy() const { return policy_; }

 private:
  struct Snapshot;
  std::shared_ptr<const Snapshot> snapshot() const;

  const storage::SealingKeys keys_;
  const RotationPolicy policy_;
  mutable base::Mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_SIGNING_KEY_KEYRING_H_
