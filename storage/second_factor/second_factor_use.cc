#include "storage/second_factor/second_factor_use.h"

#include "storage/passkey/passkey_use.h"
#include "storage/postgres/client/params.h"
#include "storage/second_factor/queries/second_factor_queries.h"

namespace gatehouse::storage {

void AppendUseSecondFactor(postgres::Batch& batch, const base::Uuid& tenant_id,
                           const base::Uuid& user_id, const SecondFactorUse& use) {
  using postgres::Params;
  namespace queries = second_factor::queries;
  if (use.passkey) {
    AppendUsePasskey(batch, tenant_id, user_id, *use.passkey);
  } else if (use.totp_step) {
    batch.Add(queries::kUseTotp, Params::Of(tenant_id, user_id, *use.totp_step));
  } else {
    batch.Add(queries::kUseRecoveryCode,
              Params::Of(tenant_id, user_id, postgres::Bytes{use.recovery_hash}));
  }
}

}  // namespace gatehouse::storage
