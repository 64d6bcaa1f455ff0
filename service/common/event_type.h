#ifndef GATEHOUSE_SERVICE_COMMON_EVENT_TYPE_H_
#define GATEHOUSE_SERVICE_COMMON_EVENT_TYPE_H_

#include <span>
#include <string>
#include <string_view>

#include "service/common/validate.h"

namespace gatehouse::service {

// What may be recorded, published, subscribed to and selected by: one rule, so that
// no event can be written that nobody can ask for.

// Two or more words joined by dots, at most 100 bytes: "document.shared". A word is a
// lower-case letter, then lower-case letters, digits and '_'. One word alone is no type:
// the first is the namespace that keeps applications from meeting one another's events.
bool IsEventType(std::string_view type);

// The first word is one of the server's own (storage::event_types::kReservedPrefixes).
bool IsReservedEventType(std::string_view type);

// A type, or words followed by ".*": "document.shared", "document.*", "user.*". Whoever
// asks for "document" means one of these: no event is called so.
bool IsEventTypePattern(std::string_view pattern);

// True if `type` is matched by any of `patterns`. "session.*" matches every type that
// begins with "session.", "*" every type.
bool MatchesAny(std::span<const std::string> patterns, std::string_view type);

// True if some of the server's own events would match: "*", "user.*", "user.created".
bool CoversReservedTypes(std::span<const std::string> patterns);

// A type that callers may give to an event of their own.
void CheckOwnEventType(FieldChecks& checks, std::string_view field, std::string_view type);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_EVENT_TYPE_H_
