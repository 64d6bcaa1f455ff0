#ifndef GATEHOUSE_STORAGE_TENANT_EVENT_H_
#define GATEHOUSE_STORAGE_TENANT_EVENT_H_

#include <utility>

#include "base/uuid.h"
#include "storage/event.h"

namespace gatehouse::storage {

// An event of the operator's for the log of the tenant that it is about, which learns what was done
// to it, and of the operator no more than that it was the operator.
inline Event ForTenant(Event event, const base::Uuid& tenant_id) {
  event.tenant_id = tenant_id;
  event.id = base::Uuid::MakeV7(event.recorded_time);
  event.actor = {"system", "", "operator"};
  event.ip_address.clear();
  event.user_agent.clear();
  event.request_id.clear();
  event.trace_id.clear();
  event.session_id.clear();
  return event;
}

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_TENANT_EVENT_H_
