#ifndef GATEHOUSE_SERVICE_COMMON_EVENT_TYPE_H_
#define GATEHOUSE_SERVICE_COMMON_EVENT_TYPE_H_

#include <span>
#include <string>
#include <string_view>

#include "service/common/validate.h"

namespace gatehouse::service {

// What may be recorded, published, subscribed to and selected by: one rule, so that
// no event can be written that nobody can ask for.

// One or more words joined by dots, at most 128 bytes: "document.shared", "INVOICE_PAID". A word
// is letters of either case, digits, '_' and '-', beginning with a letter or digit. Case counts:
// "A.b" and "a.b" are two types.
bool IsEventType(std::string_view type);

// The first word is one of the server's own (storage::event_types::kReservedPrefixes), in any
// case: nobody makes a "User.created" that is taken for the server's.
bool IsReservedEventType(std::string_view type);

// False for what is written like a type of the server's own and is none of docs/event-types.md:
// "User.created", "user.craeted", "user". Nobody makes such an event, so whoever asks for it made a
// slip.
bool MayExist(std::string_view type);

// False if no type that MayExist begins with `prefix`: "User.", "user.cra".
bool MayBeginType(std::string_view prefix);

// A type, or words followed by ".*": "document.shared", "document.*". "document" is the type of
// that name alone.
bool IsEventTypePattern(std::string_view pattern);

// Whether there may be events that such a pattern matches, as MayExist and MayBeginType say.
bool MayMatch(std::string_view pattern);

// What is wrong with what cannot be there.
inline constexpr std::string_view kNoSuchEventType =
    "is written like a type of the server's own events, and is none: docs/event-types.md has them";

// True if `type` is matched by any of `patterns`. "session.*" matches every type that
// begins with "session.", "*" every type.
bool MatchesAny(std::span<const std::string> patterns, std::string_view type);

// True if some of the server's own events would match: "*", "user.*", "user.created".
bool CoversReservedTypes(std::span<const std::string> patterns);

// A type that callers may give to an event of their own.
void CheckOwnEventType(FieldChecks& checks, std::string_view field, std::string_view type);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_EVENT_TYPE_H_
