#ifndef GATEHOUSE_STORAGE_USER_PURGE_USER_PURGE_H_
#define GATEHOUSE_STORAGE_USER_PURGE_USER_PURGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/event_log/event_log.h"

namespace gatehouse::storage {

// A user of whom something is to go: a row of gatehouse.user_purge.
struct UserPurge {
  base::Uuid user_id;
  base::Time due_time;
  // The log is to forget it.
  bool erase = false;
  int64_t erased_events = 0;
  // Its account is still there.
  bool has_account = false;
};

// An event with what its commitments are made under.
struct SecretEvent {
  LoggedEvent logged;
  std::string secret;
};

// What is taken out of an event.
struct EventErasure {
  base::Uuid event_id;
  int64_t index = 0;
  // Who did it, and where that came from.
  bool person = false;
  bool origin = false;
  // Places of targets, from 1.
  std::vector<int32_t> targets = {};
  bool details = false;
  // The secret that the event has, and what is kept of it (EraseFromSecret).
  std::string former;
  std::string secret;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_PURGE_USER_PURGE_H_
