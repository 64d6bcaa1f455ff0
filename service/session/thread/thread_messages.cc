#include "service/session/thread/thread_messages.h"

#include <cstddef>
#include <set>
#include <utility>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/session/session_validation.h"

namespace gatehouse::service {
namespace {

using base::Principal;

// So that a call is one short transaction.
constexpr int kMaxMessagesOfACall = 100;
constexpr size_t kMaxKeyBytes = 200;
constexpr JsonLimits kContentLimits{.max_bytes = size_t{256} << 10};

}  // namespace

absl::StatusOr<base::Uuid> ThreadOwner(const Principal& principal, const std::string& user_id,
                                       auth::Permission permission, FieldChecks& checks) {
  base::Uuid owner = checks.OptionalUuid("user_id", user_id);
  if (user_id.empty() && principal.kind == Principal::Kind::kUser) owner = principal.id;
  GH_RETURN_IF_ERROR(auth::RequireSelfOr(principal, owner, permission));
  if (user_id.empty() && owner.is_nil()) {
    checks.Fail("user_id", "is required for a caller that is no user");
  }
  return owner;
}

absl::StatusOr<storage::ThreadName> ThreadOf(const Principal& principal, const std::string& user_id,
                                             const std::string& thread_id,
                                             auth::Permission permission, FieldChecks& checks) {
  storage::ThreadName name{.tenant_id = principal.tenant_id, .thread_id = thread_id};
  GH_ASSIGN_OR_RETURN(name.user_id, ThreadOwner(principal, user_id, permission, checks));
  checks.Length("thread_id", thread_id, 1, kMaxThreadIdBytes);
  return name;
}

std::vector<storage::ThreadMessage> ReadMessages(const v1::AppendMessagesRequest& request,
                                                 const Principal& principal, base::Time now,
                                                 FieldChecks& checks) {
  std::vector<storage::ThreadMessage> messages;
  if (request.messages_size() == 0 || request.messages_size() > kMaxMessagesOfACall) {
    checks.Fail("messages", "must be 1 to " + std::to_string(kMaxMessagesOfACall));
    return messages;
  }
  std::set<std::string_view> keys;
  for (int i = 0; i < request.messages_size(); ++i) {
    const v1::ThreadMessage& given = request.messages(i);
    const std::string prefix = "messages[" + std::to_string(i) + "].";
    storage::ThreadMessage message{.id = base::Uuid::MakeV7(now), .create_time = now};
    if (given.role() == v1::MESSAGE_ROLE_UNSPECIFIED || !v1::MessageRole_IsValid(given.role())) {
      checks.Fail(prefix + "role", "is no role of a message");
    }
    message.role = static_cast<storage::MessageRole>(given.role());
    absl::StatusOr<std::string> json =
        JsonFromValue(prefix + "content", given.content(), kContentLimits);
    if (checks.Check(json.status())) message.content_json = *std::move(json);
    if (!given.key().empty()) {
      checks.Length(prefix + "key", given.key(), 1, kMaxKeyBytes);
      if (!keys.insert(given.key()).second) {
        checks.Fail(prefix + "key", "is that of another message of the request");
      }
      message.key = given.key();
    }
    if (!principal.session_id.is_nil()) message.session_id = principal.session_id;
    messages.push_back(std::move(message));
  }
  return messages;
}

absl::Status ToProto(const storage::ThreadMessage& message, v1::ThreadMessage& out) {
  out.set_id(message.id.ToString());
  out.set_index(message.index);
  out.set_role(static_cast<v1::MessageRole>(message.role));
  out.set_key(message.key.value_or(""));
  if (message.session_id) out.set_session_id(message.session_id->ToString());
  SetTimestamp(message.create_time, out.mutable_create_time());
  return ValueFromJson(message.content_json, out.mutable_content());
}

}  // namespace gatehouse::service
