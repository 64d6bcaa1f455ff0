#ifndef GATEHOUSE_SERVICE_MAIN_DENIAL_RECORDER_H_
#define GATEHOUSE_SERVICE_MAIN_DENIAL_RECORDER_H_

#include "auth/limits/denial.h"
#include "auth/limits/rate_limiter.h"
#include "base/time.h"
#include "storage/event_log/event_store.h"

namespace gatehouse::service {

// Of one principal. Somebody who looks around is on record with all they tried; a client
// that asks in a loop does not fill the log, which nobody may delete from.
inline constexpr auth::RateLimit kRecordedDenials = {.rate = 10, .burst = 200};

// Writes an event for each call that lacked a permission, before its answer leaves, up
// to `limit` of one principal. What is beyond that, anonymous or over its rate is not
// written; the access log and the metrics count it. `events` and `clock` outlive the
// hook.
auth::DenialHook MakeDenialRecorder(storage::EventStore& events, const base::Clock& clock,
                                    auth::RateLimit limit = kRecordedDenials);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_DENIAL_RECORDER_H_
