#include "service/common/timestamps.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>
#include <cstdint>

#include "base/status.h"

namespace gatehouse::service {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kNanosPerMicro = 1'000;
constexpr int64_t kNanosPerSecond = 1'000'000'000;
// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the range of Timestamp.
constexpr int64_t kMinSeconds = -62'135'596'800;
constexpr int64_t kMaxSeconds = 253'402'300'799;
// The range of Duration: about 10,000 years.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;

}  // namespace

void SetTimestamp(base::Time time, google::protobuf::Timestamp* out) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  out->set_seconds(seconds.time_since_epoch().count());
  out->set_nanos(static_cast<int32_t>((time - seconds).count() * kNanosPerMicro));
}

absl::StatusOr<base::Time> TimeFromProto(std::string_view field,
                                         const google::protobuf::Timestamp& value) {
  if (value.seconds() < kMinSeconds || value.seconds() > kMaxSeconds || value.nanos() < 0 ||
      value.nanos() >= kNanosPerSecond) {
    return base::InvalidField(field, "is not a time between the years 1 and 9999");
  }
  return base::TimeFromMicros(value.seconds() * kMicrosPerSecond + value.nanos() / kNanosPerMicro);
}

void SetDuration(base::Duration duration, google::protobuf::Duration* out) {
  out->set_seconds(duration.count() / kMicrosPerSecond);
  out->set_nanos(static_cast<int32_t>(duration.count() % kMicrosPerSecond * kNanosPerMicro));
}

absl::StatusOr<base::Duration> DurationFromProto(std::string_view field,
                                                 const google::protobuf::Duration& value) {
  const bool signs_differ =
      (value.seconds() > 0 && value.nanos() < 0) || (value.seconds() < 0 && value.nanos() > 0);
  if (signs_differ || value.seconds() > kMaxDurationSeconds ||
      value.seconds() < -kMaxDurationSeconds || value.nanos() <= -kNanosPerSecond ||
      value.nanos() >= kNanosPerSecond) {
    return base::InvalidField(field, "is not a duration of at most 10,000 years");
  }
  return base::Duration(value.seconds() * kMicrosPerSecond + value.nanos() / kNanosPerMicro);
}

}  // namespace gatehouse::service
