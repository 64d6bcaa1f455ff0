#include "storage/event_json.h"

#include "base/text/encoding.h"

namespace gatehouse::storage {

std::string TargetsJson(const std::vector<EventTarget>& targets) {
  std::string json = "[";
  for (const EventTarget& target : targets) {
    if (json.size() > 1) json += ',';
    json += "{\"id\":" + base::JsonString(target.id) +
            ",\"label\":" + base::JsonString(target.label) +
            ",\"type\":" + base::JsonString(target.type) + "}";
  }
  return json + "]";
}

}  // namespace gatehouse::storage
