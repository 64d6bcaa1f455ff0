#ifndef GATEHOUSE_STORAGE_EVENT_TYPE_EVENT_TYPE_H_
#define GATEHOUSE_STORAGE_EVENT_TYPE_EVENT_TYPE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// What a tenant's catalogue says of a type of its own events.
struct EventType {
  base::Uuid tenant_id;
  // "order.paid"
  std::string name;
  std::string description;
  // A JSON Schema as JSON text, if the data of its events must be as one says.
  std::optional<std::string> schema_json;
  base::Time create_time;
  base::Time update_time;
  int64_t version = 1;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_TYPE_EVENT_TYPE_H_
