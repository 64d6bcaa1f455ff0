#include "storage/passkey/passkey_use.h"

#include <cstdint>
#include <string_view>

#include "storage/passkey/queries/passkey_queries.h"
#include "storage/postgres/client/params.h"

namespace gatehouse::storage {
namespace {

using postgres::Bytes;
using postgres::Params;
namespace queries = passkey::queries;

// More than one, so that the table never has more than those of the last few minutes.
constexpr int64_t kPurgedWithEach = 4;

void AppendUseChallenge(postgres::Batch& batch, const base::Uuid& tenant_id,
                        const PasskeyChallengeUse& challenge, base::Time now,
                        std::string_view reason) {
  batch.Add(queries::kUseChallenge,
            Params::Of(tenant_id, Bytes{challenge.nonce}, challenge.expire_time, now,
                       kPurgedWithEach, reason));
}

}  // namespace

void AppendUsePasskey(postgres::Batch& batch, const base::Uuid& tenant_id,
                      const base::Uuid& user_id, const PasskeyUse& use) {
  AppendUseChallenge(batch, tenant_id, use.challenge, use.now, "LOGIN_FAILED");
  batch.Add(queries::kUse,
            Params::Of(tenant_id, user_id, use.passkey_id, use.sign_count, use.backed_up, use.now));
}

void AppendUsePasskeyChallenge(postgres::Batch& batch, const base::Uuid& tenant_id,
                               const PasskeyChallengeUse& challenge, base::Time now) {
  AppendUseChallenge(batch, tenant_id, challenge, now, "PASSKEY_INVALID");
}

}  // namespace gatehouse::storage
