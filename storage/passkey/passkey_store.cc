#include "storage/passkey/passkey_store.h"

#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "storage/passkey/passkey_use.h"
#include "storage/passkey/queries/passkey_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Uuid;
using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = passkey::queries;

Passkey DecodePasskey(const Uuid& tenant_id, RowView row) {
  return {.tenant_id = tenant_id,
          .user_id = row.Get<Uuid>(0),
          .id = row.Get<Uuid>(1),
          .credential_id = row.Get<Bytes>(2).value,
          .algorithm = row.Get<int32_t>(3),
          .public_key = row.Get<Bytes>(4).value,
          .sign_count = row.Get<int64_t>(5),
          .aaguid = row.Get<Uuid>(6),
          .transports = row.Get<std::vector<std::string>>(7),
          .backup_eligible = row.Get<bool>(8),
          .backed_up = row.Get<bool>(9),
          .display_name = row.Get<std::string>(10),
          .create_time = row.Get<base::Time>(11),
          .last_used_time = row.Get<std::optional<base::Time>>(12)};
}

absl::Status LastOne() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         "logins of the user ask for a passkey, and this is the last one: have "
                         "them not ask any more (SetPasskeyFactor) before",
                         {.reason = base::Reason::kSecondFactorState});
}

absl::Status TooMany() {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted,
      "the user has " + std::to_string(PasskeyStore::kMaxPerUser) + " passkeys already",
      {.reason = base::Reason::kLimitReached, .quota = "passkeys of a user"});
}

}  // namespace

Task<absl::Status> PasskeyStore::Add(CallContext context, Passkey passkey,
                                     PasskeyChallengeUse challenge, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  // Of two at a time the second counts what the first one added.
  batch.Add(queries::kLockUser, Params::Of(passkey.tenant_id, passkey.user_id));
  AppendUsePasskeyChallenge(batch, passkey.tenant_id, challenge, passkey.create_time);
  batch.Add(queries::kInsert,
            Params::Of(passkey.tenant_id, passkey.user_id, passkey.id, Bytes{passkey.credential_id},
                       passkey.algorithm, Bytes{passkey.public_key}, passkey.sign_count,
                       passkey.aaguid, passkey.transports, passkey.backup_eligible,
                       passkey.backed_up, passkey.display_name, passkey.create_time, kMaxPerUser));
  const absl::Status added =
      (co_await database_.Run(std::move(context), std::move(batch))).status();
  if (base::HasReason(added, base::Reason::kLimitReached)) co_return TooMany();
  co_return added;
}

Task<absl::StatusOr<std::vector<Passkey>>> PasskeyStore::List(CallContext context, Uuid tenant_id,
                                                              Uuid user_id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kList, Params::Of(tenant_id, user_id)));
  co_return rows.Decode([&](RowView row) { return DecodePasskey(tenant_id, row); });
}

Task<absl::StatusOr<std::optional<Passkey>>> PasskeyStore::FindByCredential(
    CallContext context, Uuid tenant_id, std::string credential_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kFindByCredential,
                                                  Params::Of(tenant_id, Bytes{credential_id})));
  co_return rows.DecodeOne([&](RowView row) { return DecodePasskey(tenant_id, row); });
}

Task<absl::Status> PasskeyStore::Rename(CallContext context, Uuid tenant_id, Uuid user_id, Uuid id,
                                        std::string display_name, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kRename, Params::Of(tenant_id, user_id, id, display_name));
  co_return (co_await database_.Run(std::move(context), std::move(batch))).status();
}

Task<absl::Status> PasskeyStore::Remove(CallContext context, Uuid tenant_id, Uuid user_id, Uuid id,
                                        Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  // Of two at a time the second sees what the first one removed.
  batch.Add(queries::kLockUser, Params::Of(tenant_id, user_id));
  batch.Add(queries::kRemove, Params::Of(tenant_id, user_id, id));
  const absl::Status removed =
      (co_await database_.Run(std::move(context), std::move(batch))).status();
  if (base::HasReason(removed, base::Reason::kSecondFactorState)) co_return LastOne();
  co_return removed;
}

}  // namespace gatehouse::storage
