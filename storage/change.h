#ifndef GATEHOUSE_STORAGE_CHANGE_H_
#define GATEHOUSE_STORAGE_CHANGE_H_

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/event.h"
#include "storage/mail/mail.h"

namespace gatehouse::storage {

// Makes a mutation safe to retry: the key under which its first answer is kept.
struct Idempotency {
  base::Uuid tenant_id;
  base::Uuid principal_id;
  base::Uuid request_id;
  std::string method;
  // An HMAC over the method and the request without its request_id: a plain hash
  // of a request with a password would be a fast hash of the password.
  std::string request_hash;
  // The serialized answer to give to retries; never holds a secret.
  std::string response;
  // From when on the answer is kept, for 24 hours.
  base::Time create_time;
};

// The events of one change: at least one, in the order in which they are written.
class ChangeEvents {
 public:
  // Implicit, so that a list of events in braces is one.
  ChangeEvents(Event first, std::same_as<Event> auto... others) {  // NOLINT
    events_.reserve(1 + sizeof...(others));
    events_.push_back(std::move(first));
    (events_.push_back(std::move(others)), ...);
  }

  // For a list whose length the compiler does not know; nullopt if it is empty.
  static std::optional<ChangeEvents> FromList(std::vector<Event> events) {
    if (events.empty()) return std::nullopt;
    return ChangeEvents(std::move(events));
  }

  void Add(Event event) { events_.push_back(std::move(event)); }

  const Event& first() const { return events_.front(); }
  auto begin() const { return events_.begin(); }
  auto end() const { return events_.end(); }

 private:
  explicit ChangeEvents(std::vector<Event> events) : events_(std::move(events)) {}

  std::vector<Event> events_;
};

// What goes with a change of state in the change's own transaction. Every method of
// a store that changes something takes one, and none can be made without an event:
// there is no change without its event and no event without its change. An answer
// that is kept for a call that changed nothing goes through IdempotencyStore::Keep.
struct Change {
  ChangeEvents events;
  std::optional<Idempotency> idempotency = std::nullopt;
  // What is sent because of it, once it is committed.
  std::vector<Mail> mails = {};
};

static_assert(!std::is_default_constructible_v<ChangeEvents>);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_CHANGE_H_
