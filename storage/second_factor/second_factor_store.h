#ifndef GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_STORE_H_
#define GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/sealing_keys.h"
#include "storage/second_factor/second_factor.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Second factors of users, and their recovery codes. Logins use them up (second_factor_use.h).
// User::second_factor_time tells whether a user has one.
// Immutable; any thread that may use the database. Outlived by the database.
class SecondFactorStore {
 public:
  // `keys` seal the secrets.
  SecondFactorStore(postgres::Database& database, SealingKeys keys);

  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<TotpFactor>>> Get(base::CallContext context,
                                                            base::Uuid tenant_id,
                                                            base::Uuid user_id);

  // Nothing at all of a user that there is not.
  base::Task<absl::StatusOr<SecondFactors>> GetFactors(base::CallContext context,
                                                       base::Uuid tenant_id, base::Uuid user_id);

  // A new one, in the place of one that was not confirmed. FAILED_PRECONDITION,
  // SECOND_FACTOR_STATE if one was.
  base::Task<absl::Status> Put(base::CallContext context, TotpFactor factor, Change change);

  // Confirms it by the code of `step`, with these recovery codes and no others.
  // FAILED_PRECONDITION, SECOND_FACTOR_STATE if there is none of that secret to confirm; NOT_FOUND,
  // USER_NOT_FOUND if the user was deleted.
  base::Task<absl::Status> Confirm(base::CallContext context, TotpFactor factor, int64_t step,
                                   std::vector<std::string> recovery_hashes, base::Time now,
                                   Change change);

  // It is gone, confirmed or not, and with the last second factor the recovery codes.
  // FAILED_PRECONDITION, SECOND_FACTOR_STATE if there is none; USER_NOT_FOUND as above.
  base::Task<absl::Status> Remove(base::CallContext context, base::Uuid tenant_id,
                                  base::Uuid user_id, base::Time now, Change change);

  // Logins by password ask for one of the user's passkeys from now on. `recovery_hashes`: of a user
  // who has no second factor yet; empty for who has codes already. FAILED_PRECONDITION,
  // SECOND_FACTOR_STATE if it has no passkey, is asked already, or got or lost its other factor
  // meanwhile; NOT_FOUND, USER_NOT_FOUND if it was deleted.
  base::Task<absl::Status> AskForPasskeys(base::CallContext context, base::Uuid tenant_id,
                                          base::Uuid user_id,
                                          std::vector<std::string> recovery_hashes, base::Time now,
                                          Change change);
  // Not any more; with the last second factor the recovery codes go. FAILED_PRECONDITION,
  // SECOND_FACTOR_STATE if they do not ask; NOT_FOUND, USER_NOT_FOUND if it was deleted.
  base::Task<absl::Status> StopAskingForPasskeys(base::CallContext context, base::Uuid tenant_id,
                                                 base::Uuid user_id, base::Time now, Change change);

  // In the place of those there are. FAILED_PRECONDITION, SECOND_FACTOR_STATE for a user without a
  // second factor.
  base::Task<absl::Status> ReplaceRecoveryCodes(base::CallContext context, base::Uuid tenant_id,
                                                base::Uuid user_id,
                                                std::vector<std::string> recovery_hashes,
                                                Change change);

  // Of one user; another one takes the place of the one that was not used for the longest time.
  static constexpr int64_t kMaxDevices = 10;

  // Whether such a device is remembered, and good at `now`.
  base::Task<absl::StatusOr<bool>> IsRemembered(base::CallContext context, base::Uuid tenant_id,
                                                base::Uuid user_id, DeviceUse use);
  // Those that are good then, the newest first; nullopt: also those that have ended, as long as
  // they are kept.
  base::Task<absl::StatusOr<std::vector<RememberedDevice>>> ListDevices(
      base::CallContext context, base::Uuid tenant_id, base::Uuid user_id,
      std::optional<base::Time> good_at);
  // One of them; nil: all. ABORTED, ETAG_MISMATCH if none of it is good at `now`.
  base::Task<absl::Status> ForgetDevices(base::CallContext context, base::Uuid tenant_id,
                                         base::Uuid user_id, base::Uuid device_id, base::Time now,
                                         Change change);

  struct Owner {
    base::Uuid tenant_id;
    base::Uuid user_id;
  };
  // Of the next `limit` factors after `after`: seals under the first master key what is under the
  // second. `change` is not made where there is nothing to do.
  base::Task<absl::StatusOr<Resealed<Owner>>> Reseal(base::CallContext context, Owner after,
                                                     int64_t limit, Change change);

  // A recovery code, as it is kept.
  struct RecoveryCode {
    base::Uuid tenant_id;
    base::Uuid user_id;
    std::string hash;
  };
  // The next `limit` codes after `after`, of all users of all tenants.
  base::Task<absl::StatusOr<std::vector<RecoveryCode>>> ListRecoveryCodes(base::CallContext context,
                                                                          RecoveryCode after,
                                                                          int64_t limit);

 private:
  postgres::Database& database_;
  const SealingKeys keys_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SECOND_FACTOR_SECOND_FACTOR_STORE_H_
