#include "service/common/timestamps.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace gatehouse::service {
namespace {

TEST(TimestampsTest, RoundTripsTimes) {
  for (const int64_t micros :
       {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{1'700'000'000'123'456}}) {
    google::protobuf::Timestamp proto;
    SetTimestamp(base::TimeFromMicros(micros), &proto);
    EXPECT_GE(proto.nanos(), 0);
    EXPECT_EQ(base::ToMicros(*TimeFromProto("x", proto)), micros);
  }
}

TEST(TimestampsTest, RefusesTimesOutOfRange) {
  google::protobuf::Timestamp proto;
  proto.set_seconds(253'402'300'800);
  EXPECT_TRUE(base::HasReason(TimeFromProto("x", proto).status(), base::Reason::kInvalidField));
  proto.set_seconds(0);
  proto.set_nanos(-1);
  EXPECT_FALSE(TimeFromProto("x", proto).ok());
  proto.set_nanos(1'000'000'000);
  EXPECT_FALSE(TimeFromProto("x", proto).ok());
}

TEST(TimestampsTest, RoundTripsDurations) {
  for (const int64_t micros : {int64_t{0}, int64_t{1'500'000}, int64_t{-1'500'000}}) {
    google::protobuf::Duration proto;
    SetDuration(base::Duration(micros), &proto);
    EXPECT_EQ(DurationFromProto("x", proto)->count(), micros);
  }
}

TEST(TimestampsTest, RefusesMalformedDurations) {
  google::protobuf::Duration proto;
  proto.set_seconds(1);
  proto.set_nanos(-1);
  EXPECT_FALSE(DurationFromProto("x", proto).ok());
  proto.set_nanos(0);
  proto.set_seconds(315'576'000'001);
  EXPECT_FALSE(DurationFromProto("x", proto).ok());
}

}  // namespace
}  // namespace gatehouse::service
