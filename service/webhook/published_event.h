#ifndef GATEHOUSE_SERVICE_WEBHOOK_PUBLISHED_EVENT_H_
#define GATEHOUSE_SERVICE_WEBHOOK_PUBLISHED_EVENT_H_

#include <optional>
#include <string>

#include "base/call_context.h"
#include "base/time.h"
#include "service/common/validate.h"
#include "service/schema/event_schemas.h"
#include "storage/event.h"

namespace google::protobuf {
class Duration;
class Struct;
}  // namespace google::protobuf

namespace gatehouse::service {

// The event that somebody makes of the fields `type` and `data` of a message in a request; what is
// wrong with them goes to `checks`, and then it is none. `prefix`: of the fields, "" or
// "events[3].".
storage::Event PublishedEvent(const base::CallContext& ctx, base::Time now,
                              const std::string& prefix, const std::string& type,
                              const google::protobuf::Struct& data, FieldChecks& checks);

// Gives the event the field `ordering_key` of such a message, unless that is empty.
void SetOrderingKey(const std::string& prefix, const std::string& ordering_key,
                    storage::Event& event, FieldChecks& checks);

// The field `max_backlog_age` of a request that publishes; nullopt: it has none.
std::optional<base::Duration> MaxBacklogAge(bool given, const google::protobuf::Duration& age,
                                            FieldChecks& checks);

// What is wrong with the data by the schema of the type, if it has one, goes to `checks`, as
// EVENT_DATA_INVALID.
void CheckEventData(const EventSchemas::Schemas& schemas, const std::string& prefix,
                    const std::string& type, const google::protobuf::Struct& data,
                    FieldChecks& checks);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_PUBLISHED_EVENT_H_
