#ifndef GATEHOUSE_SERVICE_MAIN_AREA_DENIAL_RECORDER_H_
#define GATEHOUSE_SERVICE_MAIN_AREA_DENIAL_RECORDER_H_

#include "auth/limits/denial.h"
#include "auth/limits/rate_limiter.h"
#include "base/time.h"
#include "storage/event_log/event_store.h"

namespace gatehouse::service {

// How many denials of one principal are recorded. A person who tries one method after the
// other stays below this, so the log has all they tried. A client that repeats a refused
// call goes beyond it: nobody may delete from the log, so it must not fill up.
inline constexpr auth::RateLimit kRecordedDenials = {.rate = 10, .burst = 200};

// Makes the hook that records denials. It writes an event for each call that lacked a
// permission, and the answer waits for that event. No event is written for an anonymous
// caller, for a caller that is over its rate of calls, or beyond `limit` denials of one
// principal; the access log and the metrics count those too.
// `events` and `clock` outlive the hook.
auth::DenialHook MakeDenialRecorder(storage::EventStore& events, const base::Clock& clock,
                                    auth::RateLimit limit = kRecordedDenials);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AREA_DENIAL_RECORDER_H_
