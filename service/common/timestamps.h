#ifndef GATEHOUSE_SERVICE_COMMON_TIMESTAMPS_H_
#define GATEHOUSE_SERVICE_COMMON_TIMESTAMPS_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/time.h"

namespace google::protobuf {
class Duration;
class Timestamp;
}  // namespace google::protobuf

namespace gatehouse::service {

void SetTimestamp(base::Time time, google::protobuf::Timestamp* out);

// To the microsecond, rounded down. INVALID_FIELD about `field` for nanos out
// of range and for times before the year 1 or after 9999.
absl::StatusOr<base::Time> TimeFromProto(std::string_view field,
                                         const google::protobuf::Timestamp& value);

void SetDuration(base::Duration duration, google::protobuf::Duration* out);

// To the microsecond, rounded toward zero. INVALID_FIELD about `field` for
// values that are malformed or beyond 10,000 years.
absl::StatusOr<base::Duration> DurationFromProto(std::string_view field,
                                                 const google::protobuf::Duration& value);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_TIMESTAMPS_H_
