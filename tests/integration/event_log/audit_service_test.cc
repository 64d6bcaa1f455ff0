#include "service/audit/audit_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/audit.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/event_log/audit_fixture.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;
using AuditServiceTest = AuditFixture;

TEST_F(AuditServiceTest, RecordedEventIsReadBackWhole) {
  v1::RecordEventRequest request = Request("document.shared");
  v1::Event& event = *request.mutable_event();
  event.set_outcome(v1::OUTCOME_FAILURE);
  event.mutable_actor()->set_type("service");
  event.mutable_actor()->set_id("billing");
  event.add_targets()->set_type("document");
  event.mutable_targets(0)->set_id("d-1");
  event.mutable_context()->set_ip_address("203.0.113.9");
  (*event.mutable_details()->mutable_fields())["pages"].set_number_value(2.5);
  event.mutable_occurred_time()->set_seconds(1'700'000'000);
  event.mutable_occurred_time()->set_nanos(123'456'789);
  const auto recorded = Record(request);
  ASSERT_TRUE(recorded.ok()) << recorded.message;
  const v1::Event& answer = recorded.response.event();
  EXPECT_EQ(answer.index(), 0);
  EXPECT_EQ(answer.details().fields().at("pages").number_value(), 2.5);
  EXPECT_EQ(answer.occurred_time().nanos(), 123'456'000);

  RunPass();
  v1::GetEventRequest get;
  get.set_event_id(answer.id());
  const auto got = Call<v1::GetEventResponse>(admin(), get);
  ASSERT_TRUE(got.ok()) << got.message;
  EXPECT_GT(got.response.event().index(), 0);
  EXPECT_EQ(got.response.event().leaf_hash().size(), 32u);
  v1::Event same = got.response.event();
  same.clear_index();
  same.clear_leaf_hash();
  EXPECT_EQ(same.SerializeAsString(), answer.SerializeAsString());
  get.set_event_id("0193d5a0-0000-7000-8000-000000000001");
  EXPECT_EQ(Call<v1::GetEventResponse>(admin(), get).reason(), "EVENT_NOT_FOUND");
  get.set_event_id("no-uuid");
  EXPECT_EQ(Call<v1::GetEventResponse>(admin(), get).reason(), "INVALID_FIELD");
}

// What its webhooks say depends on it (payload_test.cc).
TEST_F(AuditServiceTest, TheLogTellsARecordedEventFromAPublishedOne) {
  ASSERT_TRUE(Record(Request("order.recorded")).ok());
  v1::PublishEventRequest publish;
  publish.set_type("order.published");
  ASSERT_TRUE(Call<v1::PublishEventResponse>(admin(), publish).ok());
  EXPECT_EQ(Ask("SELECT string_agg(type || ' ' || has_envelope, ', ' ORDER BY type) "
                "FROM gatehouse.event WHERE type LIKE 'order.%'"),
            "order.published false, order.recorded true");
}

TEST_F(AuditServiceTest, UnsetActorIsTheCaller) {
  const auto recorded = Record(Request("a.b"));
  ASSERT_TRUE(recorded.ok()) << recorded.message;
  EXPECT_EQ(recorded.response.event().actor().type(), "user");
  EXPECT_EQ(recorded.response.event().actor().id(), admin().id.ToString());
}

TEST_F(AuditServiceTest, RefusesWhatIsMalformed) {
  for (const char* type :
       {"", "a..b", ".a", "a.", "a b", "-a", "session.created", "Session.created", "gatehouse.x"}) {
    const auto outcome = Record(Request(type));
    EXPECT_EQ(outcome.code, StatusCode::kInvalidArgument) << type;
    EXPECT_EQ(outcome.reason(), "INVALID_FIELD") << type;
  }
  v1::RecordEventRequest request = Request("a.b");
  for (int i = 0; i < 17; ++i) request.mutable_event()->add_targets()->set_type("t");
  EXPECT_EQ(Record(request).reason(), "INVALID_FIELD");
  request = Request("a.b");
  (*request.mutable_event()->mutable_details()->mutable_fields())["k"].set_string_value(
      std::string(65 << 10, 'x'));
  EXPECT_EQ(Record(request).reason(), "TOO_LARGE");
  request = Request("a.b");
  request.mutable_event()->mutable_actor()->set_type(std::string(65, 'x'));
  EXPECT_EQ(Record(request).reason(), "INVALID_FIELD");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'a.b'"), "0");
}

TEST_F(AuditServiceTest, SaysHowDeepDetailsMayBe) {
  const auto nested = [this](int objects) {
    v1::RecordEventRequest request = Request("a.b");
    google::protobuf::Struct* object = request.mutable_event()->mutable_details();
    for (int i = 1; i < objects; ++i) {
      object = (*object->mutable_fields())["k"].mutable_struct_value();
    }
    return request;
  };
  EXPECT_TRUE(Record(nested(32)).ok());
  const auto too_deep = Record(nested(33));
  EXPECT_EQ(too_deep.reason(), "INVALID_FIELD");
  EXPECT_THAT(too_deep.message, testing::HasSubstr("32 levels"));
  // Protobuf's parser gives up before anybody could say which field it is.
  const auto unread = Record(nested(40));
  EXPECT_EQ(unread.reason(), "MALFORMED_REQUEST");
  EXPECT_THAT(unread.message, testing::HasSubstr("100 messages within one another"));
}

TEST_F(AuditServiceTest, NeedsPermission) {
  const Caller viewer = backend().MakeApiKey({"users.read"});
  EXPECT_EQ(Call<v1::RecordEventResponse>(viewer, Request("a.b")).code,
            StatusCode::kPermissionDenied);
  EXPECT_EQ(Call<v1::RecordEventResponse>(nobody(), Request("a.b")).code,
            StatusCode::kUnauthenticated);
}

TEST_F(AuditServiceTest, RetryGetsTheFirstAnswer) {
  v1::RecordEventRequest request = Request("a.b");
  request.set_request_id(base::Uuid::MakeV7(clock().Now()).ToString());
  const auto first = Record(request);
  ASSERT_TRUE(first.ok()) << first.message;
  const auto second = Record(request);
  ASSERT_TRUE(second.ok()) << second.message;
  EXPECT_EQ(first.response.SerializeAsString(), second.response.SerializeAsString());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'a.b'"), "1");
  request.mutable_event()->set_type("a.c");
  EXPECT_EQ(Record(request).reason(), "REQUEST_ID_REUSED");
}

TEST_F(AuditServiceTest, ValidateOnlyWritesNothing) {
  v1::RecordEventRequest request = Request("a.b");
  request.set_validate_only(true);
  const auto outcome = Record(request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_TRUE(outcome.response.event().id().empty());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'a.b'"), "0");
  request.set_request_id("no-uuid");
  EXPECT_EQ(Record(request).reason(), "INVALID_FIELD");
}

TEST_F(AuditServiceTest, RecordingTakesOneStatement) {
  ASSERT_TRUE(Record(Request("warm.up")).ok());
  const uint64_t before = backend().statements();
  ASSERT_TRUE(Record(Request("a.b")).ok());
  EXPECT_EQ(backend().statements() - before, 1u);
  v1::RecordEventRequest request = Request("a.b");
  request.set_request_id(base::Uuid::MakeV7(clock().Now()).ToString());
  ASSERT_TRUE(Record(request).ok());
  EXPECT_EQ(backend().statements() - before, 3u);
}

TEST_F(AuditServiceTest, WaitsForTheIndexIfAsked) {
  v1::RecordEventRequest request = Request("a.b");
  request.set_wait(v1::RecordEventRequest::WAIT_SEQUENCED);
  // Nobody orders: durable by then, if the machine is not slower than that, but not in time.
  for (std::chrono::milliseconds timeout(300);
       Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'a.b'") == "0"; timeout *= 2) {
    ASSERT_LT(timeout, std::chrono::minutes(1));
    EXPECT_EQ(Record(request, {.timeout = timeout}).code, StatusCode::kDeadlineExceeded);
  }
  worker_->Start();
  const auto recorded = Record(request);
  ASSERT_TRUE(recorded.ok()) << recorded.message;
  EXPECT_EQ(std::to_string(recorded.response.event().index()),
            Ask("SELECT index FROM gatehouse.event_order WHERE event_id = '" +
                recorded.response.event().id() + "'"));
}

TEST_F(AuditServiceTest, ListPagesThroughEverything) {
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(Record(Request("a.b")).ok());
  RunPass();
  v1::ListEventsRequest request;
  request.set_filter("type = \"a.*\"");
  request.set_page_size(3);
  std::vector<int64_t> indexes;
  do {
    const uint64_t before = backend().statements();
    const auto page = Call<v1::ListEventsResponse>(admin(), request);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LE(backend().statements() - before, 1u);
    for (const v1::Event& event : page.response.events()) indexes.push_back(event.index());
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(indexes.size(), 7u);
  EXPECT_TRUE(std::ranges::is_sorted(indexes, std::greater<>()));
}

TEST_F(AuditServiceTest, APageOfLargeEventsStaysBelowWhatClientsTake) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Record(Request("a.b")).ok());
  RunPass();
  // Numbers take more bytes in a message than the JSON that their limit is about.
  Ask("UPDATE gatehouse.event SET details = jsonb_build_object('x', repeat('x', 1450000)) "
      "WHERE type = 'a.b' RETURNING 1");
  v1::ListEventsRequest request;
  request.set_filter("type = \"a.b\"");
  std::vector<int64_t> indexes;
  do {
    const auto page = Call<v1::ListEventsResponse>(admin(), request);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LT(page.response.ByteSizeLong(), size_t{4} << 20);
    for (const v1::Event& event : page.response.events()) indexes.push_back(event.index());
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(indexes.size(), 5u);
}

// Each field and operator, with events on both sides of what is asked for.
TEST_F(AuditServiceTest, FiltersSelectWhatTheySay) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    v1::RecordEventRequest request = Request(i < 3 ? "a.b" : "a.bc");
    v1::Event& event = *request.mutable_event();
    event.mutable_actor()->set_type("service");
    event.mutable_actor()->set_id("id" + std::to_string(i));
    v1::Target& target = *event.add_targets();
    target.set_type("document");
    target.set_id("id" + std::to_string(4 - i));
    event.set_outcome(i == 2 ? v1::OUTCOME_DENIED : v1::OUTCOME_FAILURE);
    event.mutable_occurred_time()->set_seconds(1'000 + i);
    ids.push_back(Record(request).response.event().id());
  }
  RunPass();
  const auto first = [&] {
    v1::GetEventRequest request;
    request.set_event_id(ids[0]);
    return Call<v1::GetEventResponse>(admin(), request).response.event().index();
  }();
  // As digits 0 to 4, in the order of the answer.
  const auto found = [&](const std::string& filter, const std::string& order = "index") {
    v1::ListEventsRequest request;
    request.set_filter(filter);
    request.set_order_by(order);
    const auto page = Call<v1::ListEventsResponse>(admin(), request);
    EXPECT_TRUE(page.ok()) << filter << ": " << page.message;
    std::string digits;
    for (const v1::Event& event : page.response.events()) {
      digits += std::to_string(std::ranges::find(ids, event.id()) - ids.begin());
    }
    return digits;
  };
  const auto at = [&](int i) { return std::to_string(first + i); };
  EXPECT_EQ(found("type = a.b"), "012");
  EXPECT_EQ(found("type = 'a.b*'"), "01234");
  EXPECT_EQ(found("type = a.bc"), "34");
  EXPECT_EQ(found("type = 'a.b*'", "index desc"), "43210");
  EXPECT_EQ(found("type = 'a.b*'", ""), "43210");
  EXPECT_EQ(found("actor_id = id1"), "1");
  EXPECT_EQ(found("target_id = id1"), "3");
  EXPECT_EQ(found("outcome = DENIED"), "2");
  EXPECT_EQ(found("outcome = FAILURE AND type = a.b"), "01");
  EXPECT_EQ(found("index = " + at(2)), "2");
  EXPECT_EQ(found("index < " + at(2) + " AND type = a.b"), "01");
  EXPECT_EQ(found("index <= " + at(2) + " AND type = a.b"), "012");
  EXPECT_EQ(found("index > " + at(2)), "34");
  EXPECT_EQ(found("index >= " + at(2)), "234");
  EXPECT_EQ(found("index > " + at(0) + " AND index < " + at(4)), "123");
  EXPECT_EQ(found("occurred_time = 1970-01-01T00:16:42Z"), "2");
  EXPECT_EQ(found("occurred_time < 1970-01-01T00:16:42Z"), "01");
  EXPECT_EQ(found("occurred_time <= 1970-01-01T00:16:42Z"), "012");
  EXPECT_EQ(found("occurred_time > 1970-01-01T00:16:42Z AND type = 'a.*'"), "34");
  EXPECT_EQ(found("occurred_time >= \"1970-01-01T01:16:42+01:00\" AND type = 'a.*'"), "234");
}

TEST_F(AuditServiceTest, APageTokenIsGoodForItsFilterAndOrderAlone) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Record(Request("a.b")).ok());
  RunPass();
  v1::ListEventsRequest request;
  request.set_filter("type = a.b");
  request.set_page_size(2);
  request.set_page_token(Call<v1::ListEventsResponse>(admin(), request).response.next_page_token());
  ASSERT_NE(request.page_token(), "");
  EXPECT_TRUE(Call<v1::ListEventsResponse>(admin(), request).ok());
  v1::ListEventsRequest other = request;
  other.set_filter("type = a.c");
  EXPECT_EQ(Call<v1::ListEventsResponse>(admin(), other).reason(), "INVALID_PAGE_TOKEN");
  other = request;
  other.set_order_by("index");
  EXPECT_EQ(Call<v1::ListEventsResponse>(admin(), other).reason(), "INVALID_PAGE_TOKEN");
}

TEST_F(AuditServiceTest, SaysWhatIsNoLongerKept) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Record(Request("a.b")).ok());
  RunPass();
  const int64_t head = std::stoll(Ask("SELECT size FROM gatehouse.event_log_head"));
  const std::string first = std::to_string(head - 1);
  Ask("INSERT INTO gatehouse.event_log_start SELECT tenant_id, size - 1 FROM "
      "gatehouse.event_log_head RETURNING 1");
  Ask("DELETE FROM gatehouse.event_order WHERE index < " + first + " RETURNING 1");
  const auto list = [&](const std::string& filter) {
    v1::ListEventsRequest request;
    request.set_filter(filter);
    return Call<v1::ListEventsResponse>(admin(), request);
  };
  EXPECT_EQ(list("").response.events_size(), 2);
  EXPECT_EQ(list("index > 0").response.events_size(), 2) << "what is kept of that";
  EXPECT_EQ(list("index < " + first).reason(), "INDEX_OUT_OF_RANGE");
  EXPECT_EQ(list("index = 1").reason(), "INDEX_OUT_OF_RANGE");
  EXPECT_TRUE(list("index <= " + first + " AND type = a.none").ok()) << "there is just none";
}

TEST_F(AuditServiceTest, RefusesBadFilters) {
  for (const char* filter :
       {"details = \"x\"", "outcome = MAYBE", "index = x", "occurred_time > yesterday", "type >",
        "actor_id = \"\"", "occurred_time > \"-200000-01-01T00:00:00Z\"",
        "occurred_time < \"10000-01-01T00:00:00Z\"", "occurred_time > \"infinite-past\"",
        "type = \"User.*\"", "type = user.craeted", "type = \"user.cra*\"", "type = \"*\""}) {
    v1::ListEventsRequest request;
    request.set_filter(filter);
    EXPECT_EQ(Call<v1::ListEventsResponse>(admin(), request).reason(), "INVALID_FILTER") << filter;
  }
  v1::ListEventsRequest request;
  for (const std::string& field : {std::string("actor_id"), std::string("target_id")}) {
    request.set_filter(field + " = " + std::string(200, 'x'));
    EXPECT_TRUE(Call<v1::ListEventsResponse>(admin(), request).ok()) << field;
    request.set_filter(field + " = " + std::string(201, 'x'));
    EXPECT_EQ(Call<v1::ListEventsResponse>(admin(), request).reason(), "INVALID_FILTER") << field;
  }
  request.Clear();
  request.set_page_token("nonsense");
  EXPECT_EQ(Call<v1::ListEventsResponse>(admin(), request).reason(), "INVALID_PAGE_TOKEN");
}

}  // namespace
}  // namespace gatehouse::tests
