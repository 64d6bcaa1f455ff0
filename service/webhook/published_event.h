#ifndef GATEHOUSE_SERVICE_WEBHOOK_PUBLISHED_EVENT_H_
#define GATEHOUSE_SERVICE_WEBHOOK_PUBLISHED_EVENT_H_

#include <string>

#include "base/call_context.h"
#include "base/time.h"
#include "service/common/validate.h"
#include "service/schema/event_schemas.h"
#include "storage/event.h"

namespace google::protobuf {
class Struct;
}

namespace gatehouse::service {

// The event that somebody makes of the fields `type` and `data` of a message in a request; what is
// wrong with them goes to `checks`, and then it is none. `prefix`: of the fields, "" or
// "events[3].".
storage::Event PublishedEvent(const base::CallContext& ctx, base::Time now,
                              const std::string& prefix, const std::string& type,
                              const google::protobuf::Struct& data, FieldChecks& checks);

// What is wrong with the data by the schema of the type, if it has one, goes to `checks`, as
// EVENT_DATA_INVALID.
void CheckEventData(const EventSchemas::Schemas& schemas, const std::string& prefix,
                    const std::string& type, const google::protobuf::Struct& data,
                    FieldChecks& checks);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_PUBLISHED_EVENT_H_
