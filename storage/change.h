#ifndef GATEHOUSE_STORAGE_CHANGE_H_
#define GATEHOUSE_STORAGE_CHANGE_H_

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/event.h"

namespace gatehouse::storage {

// Makes a mutation safe to retry: the key under which its first answer is kept.
struct Idempotency {
  base::Uuid tenant_id;
  base::Uuid principal_id;
  base::Uuid request_id;
  std::string method;
  // SHA-256 over the method and the request without its request_id.
  std::string request_hash;
  // The serialized answer to give to retries; never holds a secret.
  std::string response;
  // From when on the answer is kept, for 24 hours.
  base::Time create_time;
};

// What goes with a change of state in the change's own transaction. Every
// repository method that changes something takes one: there is no change
// without its event and no event without its change.
struct Change {
  std::vector<Event> events;
  std::optional<Idempotency> idempotency = std::nullopt;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_CHANGE_H_
