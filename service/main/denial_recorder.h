#ifndef GATEHOUSE_SERVICE_MAIN_DENIAL_RECORDER_H_
#define GATEHOUSE_SERVICE_MAIN_DENIAL_RECORDER_H_

#include "auth/denial.h"
#include "base/time.h"
#include "storage/event_store.h"

namespace gatehouse::service {

// Writes an event for each call that lacked a permission, before its answer
// leaves. What is anonymous or over its rate is not written: whoever sends
// garbage would fill the log with it; the access log and the metrics count it.
// `events` and `clock` outlive the hook.
auth::DenialHook MakeDenialRecorder(storage::EventStore& events, const base::Clock& clock);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_DENIAL_RECORDER_H_
