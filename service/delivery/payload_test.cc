#include "service/delivery/payload.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace gatehouse::service::delivery {
namespace {

storage::Event MakeSessionEvent() {
  storage::Event event;
  event.type = "session.created";
  event.outcome = storage::Outcome::kDenied;
  event.actor = {"user", "u-1", "Zo\xc3\xab \"Z\" \\ \n\x01"};
  event.targets = {{"session", "s-1", ""}, {"user", "u-1", "zoe"}};
  event.ip_address = "192.0.2.1";
  event.user_agent = "agent";
  event.request_id = "r-1";
  event.session_id = "s-1";
  event.details_json = R"({"amr": ["pwd"], "n": 12345678901234567890})";
  event.occurred_time = base::TimeFromMicros(1'700'000'000'000'042);
  return event;
}

TEST(PayloadTest, PublishedEventsCarryTheCallersDataUntouched) {
  storage::Event event;
  event.type = "order.paid";
  event.details_json = R"({"b": 1e400,"a": "\u00fc"})";
  event.occurred_time = base::TimeFromMicros(0);
  EXPECT_EQ(BuildPayload(event),
            R"({"type":"order.paid","timestamp":"1970-01-01T00:00:00.000000Z","data":)"
            R"({"b": 1e400,"a": "\u00fc"}})");
}

TEST(PayloadTest, OwnEventsSayWhoDidWhatToWhom) {
  EXPECT_EQ(BuildPayload(MakeSessionEvent()),
            R"({"type":"session.created","timestamp":"2023-11-14T22:13:20.000042Z","data":)"
            R"({"actor":{"type":"user","id":"u-1","label":"Zoë \"Z\" \\ \n\u0001"},)"
            R"("targets":[{"type":"session","id":"s-1"},{"type":"user","id":"u-1","label":"zoe"}],)"
            R"("outcome":"denied","details":{"amr": ["pwd"], "n": 12345678901234567890},)"
            R"("context":{"ip_address":"192.0.2.1","request_id":"r-1","session_id":"s-1"}}})");
}

TEST(PayloadTest, RecordedEventsSayWhoDidWhatToWhomAsWell) {
  storage::Event event;
  event.type = "order.refunded";
  event.has_envelope = true;
  event.outcome = storage::Outcome::kFailure;
  event.actor = {"clerk", "c-7", ""};
  event.targets = {{"order", "o-1", "Chair"}};
  event.trace_id = "t-1";
  event.details_json = R"({"reason": "late"})";
  event.occurred_time = base::TimeFromMicros(0);
  EXPECT_EQ(BuildPayload(event),
            R"({"type":"order.refunded","timestamp":"1970-01-01T00:00:00.000000Z","data":)"
            R"({"actor":{"type":"clerk","id":"c-7"},)"
            R"("targets":[{"type":"order","id":"o-1","label":"Chair"}],"outcome":"failure",)"
            R"("details":{"reason": "late"},"context":{"trace_id":"t-1"}}})");
}

TEST(PayloadTest, IsJsonThatReadsBack) {
  const storage::Event event = MakeSessionEvent();
  const nlohmann::json body = nlohmann::json::parse(BuildPayload(event));
  EXPECT_EQ(body["data"]["actor"]["label"], event.actor.label);
  EXPECT_EQ(body["data"]["targets"].size(), 2u);
}

TEST(PayloadTest, SameEventSameBytes) {
  EXPECT_EQ(BuildPayload(MakeSessionEvent()), BuildPayload(MakeSessionEvent()));
}

TEST(PayloadTest, FormatsTimesToTheMicrosecond) {
  EXPECT_EQ(FormatTimestamp(base::TimeFromMicros(951'782'399'999'999)),
            "2000-02-28T23:59:59.999999Z");
  EXPECT_EQ(FormatTimestamp(base::TimeFromMicros(951'782'400'000'000)),
            "2000-02-29T00:00:00.000000Z");
}

}  // namespace
}  // namespace gatehouse::service::delivery
