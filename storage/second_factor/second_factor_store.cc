#include "storage/second_factor/second_factor_store.h"

#include <utility>

#include "base/status.h"
#include "storage/passkey/queries/passkey_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"
#include "storage/second_factor/queries/second_factor_queries.h"
#include "storage/second_factor/second_factor_sealing.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
using postgres::ToBytes;
namespace queries = second_factor::queries;

Task<absl::Status> RunBatch(postgres::Database& database, CallContext context, Batch batch) {
  co_return (co_await database.Run(std::move(context), std::move(batch))).status();
}

}  // namespace

SecondFactorStore::SecondFactorStore(postgres::Database& database, SealingKeys keys)
    : database_(database), keys_(std::move(keys)) {}

Task<absl::StatusOr<std::optional<TotpFactor>>> SecondFactorStore::Get(CallContext context,
                                                                       Uuid tenant_id,
                                                                       Uuid user_id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kGet, Params::Of(tenant_id, user_id)));
  co_return rows.DecodeOne([&](RowView row) {
    std::optional<std::string> secret =
        keys_.Open(TotpSealContext(tenant_id, user_id), row.Get<Bytes>(0).value);
    if (!secret) {
      throw postgres::DecodeError("an app's secret does not open under the server's secret");
    }
    return TotpFactor{.tenant_id = tenant_id,
                      .user_id = user_id,
                      .secret = *std::move(secret),
                      .create_time = row.Get<Time>(1),
                      .confirm_time = row.Get<std::optional<Time>>(2),
                      .last_step = row.Get<int64_t>(3)};
  });
}

Task<absl::Status> SecondFactorStore::Put(CallContext context, TotpFactor factor, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  const std::string sealed =
      keys_.Seal(TotpSealContext(factor.tenant_id, factor.user_id), factor.secret);
  batch.Add(queries::kPut,
            Params::Of(factor.tenant_id, factor.user_id, Bytes{sealed}, factor.create_time));
  return RunBatch(database_, std::move(context), std::move(batch));
}

Task<absl::Status> SecondFactorStore::Confirm(CallContext context, TotpFactor factor, int64_t step,
                                              std::vector<std::string> recovery_hashes, Time now,
                                              Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  // The user first, as logins do, and whoever removes it.
  batch.Add(passkey::queries::kLockUser, Params::Of(factor.tenant_id, factor.user_id));
  batch.Add(queries::kConfirm,
            Params::Of(factor.tenant_id, factor.user_id, factor.create_time, step, now));
  batch.Add(queries::kReplaceRecoveryCodes,
            Params::Of(factor.tenant_id, factor.user_id, ToBytes(recovery_hashes)));
  return RunBatch(database_, std::move(context), std::move(batch));
}

Task<absl::Status> SecondFactorStore::Remove(CallContext context, Uuid tenant_id, Uuid user_id,
                                             Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  // The user first: a login has its row when it uses the factor up.
  batch.Add(passkey::queries::kLockUser, Params::Of(tenant_id, user_id));
  batch.Add(queries::kRemove, Params::Of(tenant_id, user_id, now));
  batch.Add(queries::kRemoveRecoveryCodes, Params::Of(tenant_id, user_id));
  return RunBatch(database_, std::move(context), std::move(batch));
}

Task<absl::StatusOr<SecondFactors>> SecondFactorStore::GetFactors(CallContext context,
                                                                  Uuid tenant_id, Uuid user_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kGetFactors,
                                                  Params::Of(tenant_id, user_id)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<SecondFactors> found, rows.DecodeOne([](RowView row) {
    return SecondFactors{.asks_for_passkeys = row.Get<bool>(0),
                         .has_app = row.Get<bool>(1),
                         .has_recovery_codes = row.Get<bool>(2),
                         .has_passkeys = row.Get<bool>(3)};
  }));
  co_return found.value_or(SecondFactors());
}

Task<absl::Status> SecondFactorStore::AskForPasskeys(CallContext context, Uuid tenant_id,
                                                     Uuid user_id,
                                                     std::vector<std::string> recovery_hashes,
                                                     Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  // The last passkey cannot go meanwhile, nor the app.
  batch.Add(passkey::queries::kLockUser, Params::Of(tenant_id, user_id));
  batch.Add(queries::kAskForPasskeys,
            Params::Of(tenant_id, user_id, now, !recovery_hashes.empty()));
  if (!recovery_hashes.empty()) {
    batch.Add(queries::kReplaceRecoveryCodes,
              Params::Of(tenant_id, user_id, ToBytes(recovery_hashes)));
  }
  return RunBatch(database_, std::move(context), std::move(batch));
}

Task<absl::Status> SecondFactorStore::StopAskingForPasskeys(CallContext context, Uuid tenant_id,
                                                            Uuid user_id, Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(passkey::queries::kLockUser, Params::Of(tenant_id, user_id));
  batch.Add(queries::kStopAskingForPasskeys, Params::Of(tenant_id, user_id, now));
  batch.Add(queries::kRemoveRecoveryCodes, Params::Of(tenant_id, user_id));
  return RunBatch(database_, std::move(context), std::move(batch));
}

Task<absl::Status> SecondFactorStore::ReplaceRecoveryCodes(CallContext context, Uuid tenant_id,
                                                           Uuid user_id,
                                                           std::vector<std::string> recovery_hashes,
                                                           Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kRequireSecondFactor, Params::Of(tenant_id, user_id));
  batch.Add(queries::kReplaceRecoveryCodes,
            Params::Of(tenant_id, user_id, ToBytes(recovery_hashes)));
  return RunBatch(database_, std::move(context), std::move(batch));
}

Task<absl::StatusOr<Resealed<SecondFactorStore::Owner>>> SecondFactorStore::Reseal(
    CallContext context, Owner after, int64_t limit, Change change) {
  struct Sealed {
    Owner owner;
    std::string secret;
  };
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(context, queries::kListSealed,
                                                Params::Of(after.tenant_id, after.user_id, limit)));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Sealed> factors, rows.Decode([](RowView row) {
    return Sealed{{row.Get<Uuid>(0), row.Get<Uuid>(1)}, row.Get<Bytes>(2).value};
  }));
  Resealed<Owner> found{.looked_at = static_cast<int64_t>(factors.size())};
  std::vector<Uuid> tenants, users;
  std::vector<Bytes> before, resealed;
  for (const Sealed& factor : factors) {
    GH_CO_ASSIGN_OR_RETURN(
        std::optional<std::string> secret,
        keys_.Reseal(TotpSealContext(factor.owner.tenant_id, factor.owner.user_id), factor.secret));
    if (!secret) continue;
    tenants.push_back(factor.owner.tenant_id);
    users.push_back(factor.owner.user_id);
    before.push_back({factor.secret});
    resealed.push_back({*std::move(secret)});
  }
  if (found.looked_at == limit) found.next = factors.back().owner;
  if (tenants.empty()) co_return found;
  found.resealed = static_cast<int64_t>(tenants.size());
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kReseal, Params::Of(tenants, users, before, resealed));
  GH_CO_RETURN_IF_ERROR(co_await RunBatch(database_, context, std::move(batch)));
  co_return found;
}

Task<absl::StatusOr<std::vector<SecondFactorStore::RecoveryCode>>>
SecondFactorStore::ListRecoveryCodes(CallContext context, RecoveryCode after, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kListRecoveryCodes,
                                                  Params::Of(after.tenant_id, after.user_id,
                                                             Bytes{std::move(after.hash)}, limit)));
  co_return rows.Decode([](RowView row) {
    return RecoveryCode{row.Get<Uuid>(0), row.Get<Uuid>(1), row.Get<Bytes>(2).value};
  });
}

Task<absl::StatusOr<bool>> SecondFactorStore::IsRemembered(CallContext context, Uuid tenant_id,
                                                           Uuid user_id, DeviceUse use) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kFindDevice,
                                                  Params::Of(tenant_id, user_id, use.device_id,
                                                             Bytes{use.token_hash}, use.now)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<bool> found,
                         rows.DecodeOne([](RowView row) { return row.Get<bool>(0); }));
  co_return found.value_or(false);
}

Task<absl::StatusOr<std::vector<RememberedDevice>>> SecondFactorStore::ListDevices(
    CallContext context, Uuid tenant_id, Uuid user_id, std::optional<Time> good_at) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kListDevices,
                                                  Params::Of(tenant_id, user_id, good_at)));
  co_return rows.Decode([](RowView row) {
    return RememberedDevice{.id = row.Get<Uuid>(0),
                            .label = row.Get<std::string>(1),
                            .ip_address = row.Get<std::string>(2),
                            .user_agent = row.Get<std::string>(3),
                            .create_time = row.Get<Time>(4),
                            .last_used_time = row.Get<std::optional<Time>>(5),
                            .expire_time = row.Get<Time>(6)};
  });
}

Task<absl::Status> SecondFactorStore::ForgetDevices(CallContext context, Uuid tenant_id,
                                                    Uuid user_id, Uuid device_id, Time now,
                                                    Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  const std::optional<Uuid> only =
      device_id.is_nil() ? std::nullopt : std::optional<Uuid>(device_id);
  batch.Add(queries::kForgetDevices, Params::Of(tenant_id, user_id, only, now));
  return RunBatch(database_, std::move(context), std::move(batch));
}

}  // namespace gatehouse::storage
