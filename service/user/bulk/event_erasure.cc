#include "service/user/bulk/event_erasure.h"

#include <algorithm>
#include <cstddef>
#include <set>

#include "service/common/event_type.h"
#include "storage/event_leaf.h"

namespace gatehouse::service {
namespace {

// What is a user's own: its name tells whose it is.
bool BelongsToUsers(const storage::EventTarget& target) {
  return target.type == "session" || target.type == "thread";
}

}  // namespace

storage::EventErasure ErasureOf(const storage::SecretEvent& event, std::string_view user_id) {
  const storage::Event& logged = event.logged.event;
  storage::EventErasure erasure{
      .event_id = logged.id, .index = event.logged.index, .former = event.secret, .secret = {}};
  const bool about = std::ranges::any_of(
      logged.targets, [&](const storage::EventTarget& target) { return target.id == user_id; });
  erasure.person = logged.actor.id == user_id;
  erasure.origin = erasure.person || (about && logged.actor.type == "anonymous");
  erasure.details = !IsReservedEventType(logged.type);
  std::set<std::string, std::less<>> fields;
  if (erasure.person) fields.insert({"actor_id", "actor_label"});
  if (erasure.origin) fields.insert({"ip_address", "user_agent", "session_id"});
  for (size_t i = 0; i < logged.targets.size(); ++i) {
    if (logged.targets[i].id != user_id && !BelongsToUsers(logged.targets[i])) continue;
    erasure.targets.push_back(static_cast<int32_t>(i + 1));
    fields.insert("target/" + std::to_string(i));
  }
  erasure.secret = storage::EraseFromSecret(logged, event.secret, [&](std::string_view field) {
    return fields.contains(field) || (erasure.details && field.starts_with("details/"));
  });
  return erasure;
}

}  // namespace gatehouse::service
