#ifndef GATEHOUSE_STORAGE_EVENT_H_
#define GATEHOUSE_STORAGE_EVENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// gatehouse.v1.Outcome.
enum class Outcome : int16_t { kSuccess = 1, kFailure = 2, kDenied = 3 };

struct EventActor {
  std::string type;  // "user", "api_key", "system", "anonymous"; callers' own.
  std::string id;
  std::string label;

  friend bool operator==(const EventActor&, const EventActor&) = default;
};

struct EventTarget {
  std::string type;
  std::string id;
  std::string label;

  friend bool operator==(const EventTarget&, const EventTarget&) = default;
};

// One entry of the log, as its writer makes it: immutable from then on.
struct Event {
  base::Uuid tenant_id;
  base::Uuid id;
  std::string type;  // "session.created"; see event_types.h for the server's own.
  Outcome outcome = Outcome::kSuccess;
  EventActor actor;
  std::vector<EventTarget> targets;
  std::string ip_address;
  std::string user_agent;
  std::string request_id;
  std::string trace_id;
  std::string session_id;
  // A JSON object as text; never a secret.
  std::string details_json = "{}";
  base::Time occurred_time;
  base::Time recorded_time;
  // Of a caller's event: it was recorded, and its webhooks say who did what to whom. False for
  // published ones, whose webhooks carry the details alone, and for the server's own, whose type
  // says enough.
  bool has_envelope = false;
};

// An event by the principal of `ctx`, at `now`, with a new id. The caller adds
// what else there is to say.
Event MakeEvent(const base::CallContext& ctx, base::Time now, std::string type,
                std::vector<EventTarget> targets, std::string details_json = "{}");

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_H_
