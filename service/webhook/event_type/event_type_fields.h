#ifndef GATEHOUSE_SERVICE_WEBHOOK_EVENT_TYPE_EVENT_TYPE_FIELDS_H_
#define GATEHOUSE_SERVICE_WEBHOOK_EVENT_TYPE_EVENT_TYPE_FIELDS_H_

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/common/validate.h"
#include "storage/event.h"
#include "storage/event_type/event_type.h"

namespace gatehouse::v1 {
class EventType;
}

namespace gatehouse::service {

struct BuiltInEventType;

// The fields of gatehouse.v1.EventType that an update changes.
inline constexpr std::array<std::string_view, 2> kEventTypeFields = {"description", "schema"};

// Takes `fields` over from `from`; what is wrong goes to `checks`.
void ApplyEventTypeFields(const v1::EventType& from, std::span<const std::string> fields,
                          storage::EventType& to, FieldChecks& checks);

// Those of kEventTypeFields in which the two differ.
std::vector<std::string> ChangedEventTypeFields(const storage::EventType& before,
                                                const storage::EventType& after);

// Null if it is none of the server's own types.
const BuiltInEventType* FindBuiltInEventType(std::string_view name);

absl::Status ToProto(const storage::EventType& from, v1::EventType& to);
void ToProto(const BuiltInEventType& from, v1::EventType& to);

// An event about a type of the catalogue.
storage::Event EventTypeEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                              const storage::EventType& about, std::string details_json = "{}");

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_EVENT_TYPE_EVENT_TYPE_FIELDS_H_
