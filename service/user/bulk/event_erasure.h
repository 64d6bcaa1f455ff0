#ifndef GATEHOUSE_SERVICE_USER_BULK_EVENT_ERASURE_H_
#define GATEHOUSE_SERVICE_USER_BULK_EVENT_ERASURE_H_

#include <string>
#include <string_view>

#include "storage/user_purge/user_purge.h"

namespace gatehouse::service {

// What is taken out of an event so that it says nothing about a user any more; what it says about
// others stays. docs/erasure.md:
// - of what the user did: who it was, its address, its device, its session;
// - of what was done to it: that it was the one, and its sessions and threads besides;
// - where a login failed, of nobody known: the address and the device;
// - the details, where they are a caller's own and not the server's: nobody knows what they hold.
storage::EventErasure ErasureOf(const storage::SecretEvent& event, std::string_view user_id);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_BULK_EVENT_ERASURE_H_
