#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/idempotent.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/session/session_service.h"
#include "service/session/thread/thread_messages.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Time;
using storage::ThreadMessage;
using Found = storage::ThreadStore::Found;

// What is there already of the messages of a call, by key.
class Existing {
 public:
  Existing() = default;
  explicit Existing(std::vector<Found> found) {
    for (Found& one : found) by_key_.emplace(one.key, std::move(one));
  }

  // nullptr if it is not there.
  const Found* Find(const ThreadMessage& message) const {
    if (!message.key) return nullptr;
    const auto it = by_key_.find(*message.key);
    return it == by_key_.end() ? nullptr : &it->second;
  }

 private:
  std::map<std::string, Found, std::less<>> by_key_;
};

// A key stands for one message: INVALID_FIELD about each that is another's.
absl::Status CheckSame(const std::vector<ThreadMessage>& messages, const Existing& existing) {
  FieldChecks checks;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Found* found = existing.Find(messages[i]);
    if (found != nullptr && !found->same) {
      checks.Fail("messages[" + std::to_string(i) + "].key",
                  "is that of another message of the thread");
    }
  }
  return checks.ToStatus();
}

// The answer if those that are not there get the indexes from `first` on.
v1::AppendMessagesResponse AnswerFor(const std::vector<ThreadMessage>& messages,
                                     const Existing& existing, int64_t first) {
  v1::AppendMessagesResponse response;
  for (const ThreadMessage& message : messages) {
    v1::AppendedMessage& out = *response.add_messages();
    const Found* found = existing.Find(message);
    out.set_existed(found != nullptr);
    out.set_id((found != nullptr ? found->id : message.id).ToString());
    out.set_index(found != nullptr ? found->index : first++);
    SetTimestamp(found != nullptr ? found->create_time : message.create_time,
                 out.mutable_create_time());
  }
  return response;
}

// `answer` to who only asks: what is not added has no id.
v1::AppendMessagesResponse WithoutIds(v1::AppendMessagesResponse answer) {
  for (v1::AppendedMessage& message : *answer.mutable_messages()) {
    if (!message.existed()) message.clear_id();
  }
  return answer;
}

storage::Event AppendedEvent(const CallContext& ctx, Time now, const storage::ThreadName& name,
                             const std::vector<ThreadMessage>& messages) {
  std::vector<std::string> ids;
  for (const ThreadMessage& message : messages) ids.push_back(message.id.ToString());
  return storage::MakeEvent(ctx, now, std::string(storage::event_types::kThreadAppended),
                            {{"thread", name.thread_id, ""}, {"user", name.user_id.ToString(), ""}},
                            JsonObject()
                                .AddNumber("count", static_cast<int64_t>(ids.size()))
                                .Add("message_ids", ids)
                                .ToString());
}

}  // namespace

SessionService::Result<v1::AppendMessagesResponse> SessionService::AppendMessages(
    CallContext ctx, v1::AppendMessagesRequest request, MutationKey key) {
  const Time now = deps_.clock.Now();
  FieldChecks checks;
  GH_CO_ASSIGN_OR_RETURN(const storage::ThreadName name,
                         ThreadOf(ctx.principal(), request.user_id(), request.thread_id(),
                                  auth::Permission::kThreadsWrite, checks));
  const std::vector<ThreadMessage> messages = ReadMessages(request, ctx.principal(), now, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());

  // Usually none is there, and one batch does. The answer that is kept for a request_id is
  // written with the messages, so their indexes must be known before; who only asks learns them.
  const bool foretell = key.given() || request.validate_only();
  bool look = foretell;
  for (ChangeAttempts attempts(""); attempts.Next(); look = true) {
    Existing existing;
    std::optional<int64_t> count;
    if (look) {
      GH_CO_ASSIGN_OR_RETURN(storage::ThreadStore::State state,
                             co_await deps_.threads.Find(ctx, name, messages));
      existing = Existing(std::move(state.found));
      if (foretell) count = state.message_count;
      GH_CO_RETURN_IF_ERROR(CheckSame(messages, existing));
    }
    std::vector<ThreadMessage> added = messages;
    std::erase_if(added,
                  [&](const ThreadMessage& message) { return existing.Find(message) != nullptr; });
    const v1::AppendMessagesResponse expected = AnswerFor(messages, existing, count.value_or(0));
    if (added.empty()) co_return co_await deps_.once.Unchanged(ctx, key, now, expected);
    if (request.validate_only()) {
      GH_CO_RETURN_IF_ERROR(co_await deps_.threads.CheckRoom(ctx, name, std::move(added)));
      co_return WithoutIds(expected);
    }

    storage::Change change{.events = {AppendedEvent(ctx, now, name, added)},
                           .idempotency = key.WithResponse(expected, now)};
    GH_CO_ASSIGN_OR_RETURN(
        const std::optional<int64_t> first,
        co_await deps_.threads.Append(ctx, name, std::move(added), count, std::move(change)));
    if (first) co_return AnswerFor(messages, existing, *first);
  }
  co_return ChangeAttempts::KeptChanging("thread");
}

}  // namespace gatehouse::service
