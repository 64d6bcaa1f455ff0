#ifndef GATEHOUSE_AUTH_SIGNING_KEY_KEY_ROTATION_H_
#define GATEHOUSE_AUTH_SIGNING_KEY_KEY_ROTATION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/signing_key/keyring.h"
#include "auth/signing_key/signing_key.h"
#include "auth/tenant/tenant_directory.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/sealing_keys.h"
#include "storage/signing_key/signing_key_store.h"

namespace gatehouse::auth {

// Keeps the keyring in step with the database and the database with the
// rotation policy. Run before the server serves, then every minute: often
// enough that a key another instance made is known here long before it signs.
//
// Two instances may run it at once: one of them wins, the other reads again.
class KeyRotation {
 public:
  // All outlive it. Tenants that `tenants` knows as frozen keep the keys they have. `algorithm`: of
  // keys that are made.
  KeyRotation(storage::SigningKeyStore& store, Keyring& keyring, const TenantDirectory& tenants,
              const base::Clock& clock, SigningAlgorithm algorithm = SigningAlgorithm::kEs256)
      : store_(store), keyring_(keyring), tenants_(tenants), clock_(clock), algorithm_(algorithm) {}

  // Afterwards the keyring holds what is stored; writes nothing. INTERNAL if it was sealed
  // under another master key: then nothing may be sealed under this one either.
  base::Task<absl::Status> Load(base::CallContext ctx);

  // Afterwards the keyring holds what is stored and every active tenant has a
  // key that signs and, when it is due, its successor; of very many that are due at a time the
  // next turn does the rest.
  base::Task<absl::Status> RunOnce(base::CallContext ctx);

  // A key with which a tenant begins: it signs from now on. Stored nowhere yet.
  storage::SigningKeyRow MakeFirst(const base::Uuid& tenant_id) const;

  // What an operator can ask for besides the schedule.
  enum class Kind {
    kEarly,      // PlanEarlyRotation.
    kEmergency,  // PlanEmergencyRotation.
  };
  // What it would change now of a tenant's keys, with a new key that is stored nowhere yet. Nothing
  // to add: nothing changes.
  base::Task<absl::StatusOr<storage::SigningKeyRotation>> Prepare(base::CallContext ctx,
                                                                  base::Uuid tenant_id, Kind kind);
  // Does it, then the keyring holds what is stored. ABORTED, CONFLICT if another rotation was
  // faster: prepare again. After an emergency verdicts are to be forgotten.
  base::Task<absl::Status> Apply(base::CallContext ctx, storage::SigningKeyRotation rotation,
                                 Kind kind, std::optional<storage::Idempotency> idempotency);

  // Seals under the first master key what is under the second, in one go: there are a few.
  base::Task<absl::StatusOr<storage::Resealed<std::string>>> Reseal(base::CallContext ctx);

 private:
  base::Task<absl::StatusOr<std::vector<SigningKeyRow>>> ReadAndLoad(base::CallContext ctx);
  // Returns for how many tenants it tried to.
  base::Task<absl::StatusOr<int>> RotateDue(base::CallContext ctx, std::vector<SigningKeyRow> rows);

  storage::SigningKeyStore& store_;
  Keyring& keyring_;
  const TenantDirectory& tenants_;
  const base::Clock& clock_;
  const SigningAlgorithm algorithm_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_SIGNING_KEY_KEY_ROTATION_H_
