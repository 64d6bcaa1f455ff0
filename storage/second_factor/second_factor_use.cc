#include "storage/second_factor/second_factor_use.h"

#include "storage/passkey/passkey_use.h"
#include "storage/postgres/client/params.h"
#include "storage/second_factor/queries/second_factor_queries.h"
#include "storage/second_factor/second_factor_store.h"

namespace gatehouse::storage {

void AppendUseSecondFactor(postgres::Batch& batch, const base::Uuid& tenant_id,
                           const base::Uuid& user_id, const SecondFactorUse& use) {
  using postgres::Params;
  namespace queries = second_factor::queries;
  if (use.device) {
    batch.Add(queries::kUseDevice,
              Params::Of(tenant_id, user_id, use.device->device_id,
                         postgres::Bytes{use.device->token_hash}, use.device->now));
  } else if (use.passkey) {
    AppendUsePasskey(batch, tenant_id, user_id, *use.passkey);
  } else if (use.totp_step) {
    batch.Add(queries::kUseTotp, Params::Of(tenant_id, user_id, *use.totp_step));
  } else {
    batch.Add(queries::kUseRecoveryCode,
              Params::Of(tenant_id, user_id, postgres::ToBytes(use.recovery_hashes)));
  }
  if (!use.remember) return;
  const RememberedDevice& device = use.remember->device;
  batch.Add(queries::kRememberDevice,
            Params::Of(tenant_id, user_id, device.id, postgres::Bytes{use.remember->token_hash},
                       device.label, device.ip_address, device.user_agent, device.create_time,
                       device.expire_time, SecondFactorStore::kMaxDevices));
}

}  // namespace gatehouse::storage
