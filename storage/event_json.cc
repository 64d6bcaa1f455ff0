#include "storage/event_json.h"

#include "storage/canonical_json.h"

namespace gatehouse::storage {

std::string TargetsJson(const std::vector<EventTarget>& targets) {
  std::string json = "[";
  for (const EventTarget& target : targets) {
    if (json.size() > 1) json += ',';
    json += "{\"id\":" + CanonicalString(target.id) +
            ",\"label\":" + CanonicalString(target.label) +
            ",\"type\":" + CanonicalString(target.type) + "}";
  }
  return json + "]";
}

}  // namespace gatehouse::storage
