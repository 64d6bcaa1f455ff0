#include "storage/user_export/user_export_store.h"

#include <optional>

#include "base/status.h"
#include "base/time.h"
#include "storage/postgres/client/database.h"
#include "storage/user_export/queries/user_export_queries.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = user_export::queries;

UserThread DecodeThread(RowView row) {
  return {.thread_id = row.Get<std::string>(0),
          .uid = row.Get<Uuid>(1),
          .message_count = row.Get<int64_t>(2),
          .create_time = row.Get<Time>(3),
          .update_time = row.Get<Time>(4)};
}

ThreadMessage DecodeMessage(RowView row) {
  ThreadMessage message;
  message.index = row.Get<int64_t>(0);
  message.role = static_cast<MessageRole>(row.Get<int32_t>(1));
  message.content_json = row.Get<postgres::Jsonb>(2).value;
  message.create_time = row.Get<Time>(3);
  return message;
}

}  // namespace

Task<absl::StatusOr<std::vector<UserThread>>> UserExportStore::ListThreads(
    CallContext ctx, Uuid tenant_id, Uuid user_id, std::string after, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kListThreads,
                                                  Params::Of(tenant_id, user_id, after, limit)));
  co_return rows.Decode(DecodeThread);
}

Task<absl::StatusOr<std::vector<ThreadMessage>>> UserExportStore::ListMessages(
    CallContext ctx, Uuid tenant_id, Uuid thread_uid, int64_t from_index, int64_t limit,
    int64_t max_bytes) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListMessages,
                               Params::Of(tenant_id, thread_uid, from_index, limit, max_bytes)));
  co_return rows.Decode(DecodeMessage);
}

Task<absl::StatusOr<std::vector<OneTimeToken>>> UserExportStore::ListTokens(CallContext ctx,
                                                                            Uuid tenant_id,
                                                                            Uuid user_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kListTokens,
                                                                   Params::Of(tenant_id, user_id)));
  co_return rows.Decode([&](RowView row) {
    OneTimeToken token;
    token.key = {.tenant_id = tenant_id,
                 .user_id = user_id,
                 .purpose = static_cast<OneTimePurpose>(row.Get<int32_t>(0)),
                 .hash = {}};
    token.email = row.Get<std::optional<std::string>>(1);
    token.create_time = row.Get<Time>(2);
    token.expire_time = row.Get<Time>(3);
    return token;
  });
}

}  // namespace gatehouse::storage
