#include "storage/thread/thread_store.h"

#include <string_view>
#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/sqlstate.h"
#include "storage/thread/queries/thread_queries.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Jsonb;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = thread::queries;

// One array per column.
struct MessageColumns {
  explicit MessageColumns(const std::vector<ThreadMessage>& messages) {
    for (const ThreadMessage& message : messages) {
      ids.push_back(message.id);
      roles.push_back(static_cast<int32_t>(message.role));
      contents.push_back({message.content_json});
      sizes.push_back(static_cast<int32_t>(message.content_json.size()));
      keys.push_back(message.key);
    }
  }

  std::vector<Uuid> ids;
  std::vector<int32_t> roles, sizes;
  std::vector<Jsonb> contents;
  std::vector<std::optional<std::string>> keys;
};

// The column of a message that tells whether there is one in the row.
constexpr int kFirstColumn = 2;

ThreadMessage DecodeMessage(RowView row) {
  int column = kFirstColumn;
  ThreadMessage message;
  message.index = row.Get<int64_t>(column++);
  message.id = row.Get<Uuid>(column++);
  message.role = static_cast<MessageRole>(row.Get<int32_t>(column++));
  message.content_json = row.Get<Jsonb>(column++).value;
  message.key = row.Get<std::optional<std::string>>(column++);
  message.session_id = row.Get<std::optional<Uuid>>(column++);
  message.create_time = row.Get<Time>(column++);
  return message;
}

ThreadStore::Found DecodeFound(RowView row) {
  return {.key = row.Get<std::string>(kFirstColumn),
          .id = row.Get<Uuid>(kFirstColumn + 1),
          .index = row.Get<int64_t>(kFirstColumn + 2),
          .create_time = row.Get<Time>(kFirstColumn + 3),
          .same = row.Get<bool>(kFirstColumn + 4)};
}

Thread DecodeListed(RowView row) {
  return {.thread_id = row.Get<std::string>(kFirstColumn),
          .message_count = row.Get<int64_t>(kFirstColumn + 1),
          .content_bytes = row.Get<int64_t>(kFirstColumn + 2),
          .create_time = row.Get<Time>(kFirstColumn + 3),
          .update_time = row.Get<Time>(kFirstColumn + 4)};
}

// Rows that each say how much there is of all, and with a `decode` of those that hold one
// besides. Returns that number.
template <typename T>
absl::StatusOr<int64_t> DecodeThread(const Rows& rows, T (*decode)(RowView), std::vector<T>& out) {
  int64_t count = 0;
  GH_RETURN_IF_ERROR(rows.Decode([&](RowView row) {
                           count = row.Get<int64_t>(1);
                           if (!row.IsNull(kFirstColumn)) out.push_back(decode(row));
                           return true;
                         })
                         .status());
  return count;
}

absl::Status TooManyThreads() {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted,
      "the user has " + std::to_string(ThreadStore::kMaxThreadsPerUser) + " threads already",
      {.reason = base::Reason::kLimitReached, .quota = "threads of a user"});
}

absl::Status ThreadFull() {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted, "The thread has no room for that: begin another.",
      {.reason = base::Reason::kLimitReached,
       .metadata = {{"max_messages", std::to_string(ThreadStore::kMaxMessages)},
                    {"max_bytes", std::to_string(ThreadStore::kMaxContentBytes)}},
       .quota = "messages of a thread"});
}

absl::Status UserFull() {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted,
      "The user's threads have no room for that: delete some.",
      {.reason = base::Reason::kLimitReached,
       .metadata = {{"max_bytes", std::to_string(ThreadStore::kMaxContentBytesPerUser)}},
       .quota = "bytes of a user's threads"});
}

// What the guards of room say, in words.
absl::Status OfRoom(absl::Status status) {
  if (base::HasReason(status, base::Reason::kLimitReached)) return TooManyThreads();
  if (base::HasReason(status, base::Reason::kConstraintViolated)) return ThreadFull();
  if (base::HasReason(status, base::Reason::kTooLarge)) return UserFull();
  return status;
}

}  // namespace

Task<absl::StatusOr<std::optional<int64_t>>> ThreadStore::Append(
    CallContext ctx, ThreadName name, std::vector<ThreadMessage> messages,
    std::optional<int64_t> expected_count, Change change) {
  const MessageColumns columns(messages);
  const ThreadMessage& first = messages.front();
  Batch batch;
  Params params =
      Params::Of(name.tenant_id, name.user_id, name.thread_id, Uuid::MakeV7(first.create_time),
                 first.create_time, columns.ids, columns.roles, columns.contents, columns.sizes,
                 columns.keys, first.session_id, expected_count, kMaxMessages, kMaxContentBytes,
                 kMaxThreadsPerUser, kMaxContentBytesPerUser);
  postgres::AppendChangeInto(params, batch, change);
  batch.Add(queries::kAppend, std::move(params));
  const absl::StatusOr<std::vector<Rows>> results = co_await database_.Run(ctx, std::move(batch));
  const absl::Status status = OfRoom(results.status());
  if (postgres::IsUniqueViolation(status, "thread_message_key") ||
      base::HasReason(status, base::Reason::kEtagMismatch)) {
    co_return std::nullopt;
  }
  GH_CO_RETURN_IF_ERROR(status);
  co_return results->back().DecodeOne([](RowView row) { return row.Get<int64_t>(5); });
}

Task<absl::Status> ThreadStore::CheckRoom(CallContext ctx, ThreadName name,
                                          std::vector<ThreadMessage> messages) {
  int64_t bytes = 0;
  for (const ThreadMessage& message : messages) {
    bytes += static_cast<int64_t>(message.content_json.size());
  }
  co_return OfRoom((co_await database_.Query(
                        ctx, queries::kCheckRoom,
                        Params::Of(name.tenant_id, name.user_id, name.thread_id,
                                   static_cast<int64_t>(messages.size()), bytes, kMaxMessages,
                                   kMaxContentBytes, kMaxThreadsPerUser, kMaxContentBytesPerUser)))
                       .status());
}

Task<absl::StatusOr<ThreadStore::State>> ThreadStore::Find(CallContext ctx, ThreadName name,
                                                           std::vector<ThreadMessage> messages) {
  std::erase_if(messages, [](const ThreadMessage& message) { return !message.key; });
  const MessageColumns columns(messages);
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kFind,
                               Params::Of(name.tenant_id, name.user_id, name.thread_id,
                                          columns.keys, columns.roles, columns.contents)));
  State state;
  GH_CO_ASSIGN_OR_RETURN(state.message_count, DecodeThread(rows, DecodeFound, state.found));
  co_return state;
}

Task<absl::StatusOr<ThreadStore::Page>> ThreadStore::List(CallContext ctx, ListQuery query) {
  const ThreadName& name = query.name;
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(
          ctx, query.newest_first ? queries::kListDescending : queries::kListAscending,
          Params::Of(name.tenant_id, name.user_id, name.thread_id, query.first_index,
                     query.last_index, query.limit, query.max_bytes)));
  Page page;
  GH_CO_ASSIGN_OR_RETURN(page.message_count, DecodeThread(rows, DecodeMessage, page.messages));
  co_return page;
}

Task<absl::StatusOr<ThreadStore::ThreadPage>> ThreadStore::ListThreads(CallContext ctx,
                                                                       Uuid tenant_id, Uuid user_id,
                                                                       std::string after,
                                                                       int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kListThreads,
                                                  Params::Of(tenant_id, user_id, after, limit)));
  ThreadPage page;
  GH_CO_ASSIGN_OR_RETURN(page.content_bytes, DecodeThread(rows, DecodeListed, page.threads));
  co_return page;
}

Task<absl::Status> ThreadStore::Delete(CallContext ctx, ThreadName name, int64_t expected_count,
                                       Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kDelete,
            Params::Of(name.tenant_id, name.user_id, name.thread_id, expected_count));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::StatusOr<bool>> ThreadStore::Purge(CallContext ctx, Uuid tenant_id, Time now) {
  Batch batch;
  batch.Add(queries::kPurge, Params::Of(tenant_id, now));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(ctx, std::move(batch)));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<bool> found,
                         results.back().Decode([](RowView row) { return row.Get<bool>(0); }));
  co_return found.front();
}

}  // namespace gatehouse::storage
