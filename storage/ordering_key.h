#ifndef GATEHOUSE_STORAGE_ORDERING_KEY_H_
#define GATEHOUSE_STORAGE_ORDERING_KEY_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "storage/event.h"

namespace gatehouse::storage {

// The key by which published events keep their order on the way to an endpoint. It is what such an
// event is about, so it stands in the log as its one target, of this type: it is part of the leaf
// hash, is read with the event, and ListEvents finds the events of a key by it. Statements that
// need it without the event read the same (schedule.sql, list_predecessors.sql).
inline constexpr std::string_view kOrderingKeyTarget = "ordering_key";

// Fits into a target's id, and bounds what waits in memory for it.
inline constexpr size_t kMaxOrderingKeyBytes = 128;

// `key` is not empty.
inline void SetOrderingKey(std::string key, Event& event) {
  event.targets = {{.type = std::string(kOrderingKeyTarget), .id = std::move(key), .label = ""}};
}

// Empty: it has none. Of what callers recorded with a target of that type, too.
inline std::string OrderingKeyOf(const Event& event) {
  if (event.has_envelope || event.targets.size() != 1) return {};
  const EventTarget& target = event.targets.front();
  return target.type == kOrderingKeyTarget ? target.id : std::string();
}

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ORDERING_KEY_H_
