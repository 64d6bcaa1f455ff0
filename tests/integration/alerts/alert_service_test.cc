#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/alerts/alert_fixture.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;
using std::chrono::minutes;
using storage::AlertKind;
using testing::ElementsAre;
using testing::IsEmpty;

class AlertServiceTest : public AlertFixture {
 protected:
  // One of each kind that deliverers notice, a minute apart; their ids in this order.
  std::vector<std::string> OpenAll() {
    std::vector<std::string> ids;
    for (int kind = 1; kind <= static_cast<int>(storage::kLastDelivererKind); ++kind) {
      clock().Advance(minutes(1));
      const storage::AlertSignal signal = SignalOf(static_cast<AlertKind>(kind));
      Signal(signal);
      ids.push_back(IdOf(signal));
    }
    return ids;
  }
};

TEST_F(AlertServiceTest, ListsNewestFirstInPages) {
  const std::vector<std::string> ids = OpenAll();
  v1::ListAlertsRequest request;
  EXPECT_THAT(ListIds(operator_, request), ElementsAre(ids[4], ids[3], ids[2], ids[1], ids[0]));
  request.set_page_size(2);
  std::vector<std::string> paged;
  do {
    const auto page = Call<v1::ListAlertsResponse>(operator_, request);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LE(page.response.alerts_size(), 2);
    for (const v1::Alert& alert : page.response.alerts()) paged.push_back(alert.id());
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(paged, ElementsAre(ids[4], ids[3], ids[2], ids[1], ids[0]));
}

TEST_F(AlertServiceTest, ListsByStateKindAndEndpoint) {
  const std::vector<std::string> ids = OpenAll();
  ASSERT_TRUE(Acknowledge(operator_, ids[0]).ok());
  ASSERT_TRUE(Resolve(operator_, ids[1]).ok());
  v1::ListAlertsRequest request;
  request.set_state(v1::ALERT_STATE_ACKNOWLEDGED);
  EXPECT_THAT(ListIds(operator_, request), ElementsAre(ids[0]));
  request.set_state(v1::ALERT_STATE_RESOLVED);
  EXPECT_THAT(ListIds(operator_, request), ElementsAre(ids[1]));
  request.set_state(v1::ALERT_STATE_OPEN);
  EXPECT_THAT(ListIds(operator_, request), ElementsAre(ids[4], ids[3], ids[2]));
  request.set_kind(v1::ALERT_KIND_EXHAUSTED);
  EXPECT_THAT(ListIds(operator_, request), ElementsAre(ids[2]));
  request.Clear();
  request.set_endpoint_id(endpoint_.ToString());
  request.set_kind(v1::ALERT_KIND_FAILING);
  EXPECT_THAT(ListIds(operator_, request), ElementsAre(ids[0]));
  request.set_endpoint_id(kNoAlert);
  EXPECT_THAT(ListIds(operator_, request), IsEmpty());
}

TEST_F(AlertServiceTest, APageTokenIsGoodForItsQueryAlone) {
  OpenAll();
  v1::ListAlertsRequest request;
  request.set_page_size(1);
  request.set_page_token(
      Call<v1::ListAlertsResponse>(operator_, request).response.next_page_token());
  ASSERT_NE(request.page_token(), "");
  EXPECT_TRUE(Call<v1::ListAlertsResponse>(operator_, request).ok());
  const auto reason_of = [&](auto change) {
    v1::ListAlertsRequest other = request;
    change(other);
    return Call<v1::ListAlertsResponse>(operator_, other).reason();
  };
  EXPECT_EQ(reason_of([](auto& r) { r.set_state(v1::ALERT_STATE_OPEN); }), "INVALID_PAGE_TOKEN");
  EXPECT_EQ(reason_of([](auto& r) { r.set_kind(v1::ALERT_KIND_FAILING); }), "INVALID_PAGE_TOKEN");
  EXPECT_EQ(reason_of([&](auto& r) { r.set_endpoint_id(endpoint_.ToString()); }),
            "INVALID_PAGE_TOKEN");
}

TEST_F(AlertServiceTest, AnswersWhatIsWrongWithARequest) {
  v1::ListAlertsRequest list;
  list.set_page_size(-1);
  list.set_endpoint_id("x");
  list.set_state(static_cast<v1::AlertState>(9));
  list.set_kind(static_cast<v1::AlertKind>(99));
  const auto listed = Call<v1::ListAlertsResponse>(operator_, list);
  EXPECT_EQ(listed.code, StatusCode::kInvalidArgument);
  const auto bad = listed.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(bad.has_value());
  std::vector<std::string> fields;
  for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, testing::UnorderedElementsAre("page_size", "endpoint_id", "state", "kind"));
  list.Clear();
  list.set_page_token("x");
  EXPECT_EQ(Call<v1::ListAlertsResponse>(operator_, list).reason(), "INVALID_PAGE_TOKEN");
  EXPECT_EQ(Get(operator_, "x").reason(), "INVALID_FIELD");
  EXPECT_EQ(Get(operator_, kNoAlert).reason(), "ALERT_NOT_FOUND");
  EXPECT_EQ(Acknowledge(operator_, "x").reason(), "INVALID_FIELD");
  EXPECT_EQ(Acknowledge(operator_, kNoAlert).reason(), "ALERT_NOT_FOUND");
  EXPECT_EQ(Resolve(operator_, "").reason(), "INVALID_FIELD");
  EXPECT_EQ(Resolve(operator_, kNoAlert).reason(), "ALERT_NOT_FOUND");
}

TEST_F(AlertServiceTest, AcknowledgingSaysWhoAndWhen) {
  const std::string id = OpenAll()[0];
  const auto outcome = Acknowledge(operator_, id);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  const v1::Alert& alert = outcome.response.alert();
  EXPECT_EQ(alert.state(), v1::ALERT_STATE_ACKNOWLEDGED);
  EXPECT_EQ(alert.acknowledged_by().type(), "api_key");
  EXPECT_EQ(alert.acknowledged_by().id(), operator_.id.ToString());
  EXPECT_EQ(alert.acknowledged_by().label(), "");
  EXPECT_TRUE(alert.has_acknowledged_time());
  EXPECT_EQ(Get(id).SerializeAsString(), alert.SerializeAsString());
  EXPECT_EQ(Ask("SELECT concat_ws(' ', actor_id, targets->0->>'id', details->>'kind') FROM "
                "gatehouse.event WHERE type = 'alert.acknowledged'"),
            operator_.id.ToString() + " " + id + " FAILING");
  // Again, and of what is resolved: nothing to change.
  EXPECT_EQ(Acknowledge(operator_, id).response.alert().etag(), alert.etag());
  ASSERT_TRUE(Resolve(operator_, id).ok());
  EXPECT_EQ(Acknowledge(operator_, id).response.alert().state(), v1::ALERT_STATE_RESOLVED);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'alert.acknowledged'"), "1");
}

TEST_F(AlertServiceTest, ResolvingSaysWhoAndWhen) {
  const std::string id = OpenAll()[2];
  const auto outcome = Resolve(operator_, id);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  const v1::Alert& alert = outcome.response.alert();
  EXPECT_EQ(alert.state(), v1::ALERT_STATE_RESOLVED);
  EXPECT_EQ(alert.resolved_by().id(), operator_.id.ToString());
  EXPECT_EQ(alert.resolution(), "by_hand");
  EXPECT_EQ(Get(id).SerializeAsString(), alert.SerializeAsString());
  EXPECT_EQ(Ask("SELECT details->>'resolution' FROM gatehouse.event WHERE type = 'alert.resolved'"),
            "by_hand");
  // It goes on: open, but not told so soon.
  clock().Advance(minutes(5));
  Signal(SignalOf(AlertKind::kExhausted));
  EXPECT_EQ(Get(id).state(), v1::ALERT_STATE_OPEN);
  EXPECT_FALSE(Get(id).has_resolved_by());
}

TEST_F(AlertServiceTest, ARepeatedRequestGetsTheFirstAnswer) {
  const std::string id = OpenAll()[0];
  v1::ResolveAlertRequest request;
  request.set_alert_id(id);
  request.set_request_id(kRequestId);
  const auto first = Call<v1::ResolveAlertResponse>(operator_, request);
  ASSERT_TRUE(first.ok()) << first.message;
  const auto second = Call<v1::ResolveAlertResponse>(operator_, request);
  EXPECT_EQ(second.response.SerializeAsString(), first.response.SerializeAsString());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'alert.resolved'"), "1");
}

TEST_F(AlertServiceTest, AnOldEtagChangesNothing) {
  const std::string id = OpenAll()[0];
  v1::AcknowledgeAlertRequest request;
  request.set_alert_id(id);
  request.set_etag(Get(id).etag());
  clock().Advance(minutes(20));
  Signal(SignalOf(AlertKind::kFailing));
  EXPECT_EQ(Call<v1::AcknowledgeAlertResponse>(operator_, request).reason(), "ETAG_MISMATCH");
  request.set_etag(Get(id).etag());
  EXPECT_TRUE(Call<v1::AcknowledgeAlertResponse>(operator_, request).ok());
}

TEST_F(AlertServiceTest, SeeingTakesReadAndChangingTakesWrite) {
  const std::string id = OpenAll()[0];
  const Caller reader = backend().MakeApiKey({"endpoints.read"});
  EXPECT_TRUE(Get(reader, id).ok());
  EXPECT_EQ(Acknowledge(reader, id).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Resolve(reader, id).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Get(backend().MakeApiKey({"events.read"}), id).reason(), "PERMISSION_DENIED");
}

TEST_F(AlertServiceTest, AnotherTenantsAlertDoesNotExist) {
  const std::string id = OpenAll()[0];
  const base::Uuid other = *base::Uuid::Parse("0190d1f0-0000-7000-8000-0000000000ff");
  Ask("INSERT INTO gatehouse.tenant (tenant_id, name, create_time, update_time) VALUES ('" +
      other.ToString() + "', 'other', now(), now()) RETURNING name");
  const Caller stranger = backend().MakeApiKey({"endpoints.read", "endpoints.write"}, other);
  EXPECT_EQ(Get(stranger, id).reason(), "ALERT_NOT_FOUND");
  EXPECT_EQ(Acknowledge(stranger, id).reason(), "ALERT_NOT_FOUND");
  EXPECT_EQ(Resolve(stranger, id).reason(), "ALERT_NOT_FOUND");
  EXPECT_THAT(ListIds(stranger, {}), IsEmpty());
  EXPECT_EQ(Get(id).state(), v1::ALERT_STATE_OPEN);
}

TEST_F(AlertServiceTest, TheServersOwnAreForThoseWhoSeeHowItIs) {
  const storage::AlertSignal signal = SignalOf(AlertKind::kLogHalted);
  const std::string id = IdOf(signal);
  Signal(signal);
  const Caller reader = backend().MakeApiKey({"endpoints.read", "endpoints.write"});
  EXPECT_EQ(Get(reader, id).reason(), "ALERT_NOT_FOUND");
  EXPECT_EQ(Resolve(reader, id).reason(), "ALERT_NOT_FOUND");
  EXPECT_THAT(ListIds(reader, {}), IsEmpty());
  EXPECT_THAT(ListIds(operator_, {}), ElementsAre(id));
  EXPECT_EQ(Get(id).endpoint_id(), "");
}

TEST_F(AlertServiceTest, StatementsOfACall) {
  const std::string id = OpenAll()[0];
  Get(id);
  const auto cost = [&](auto call) {
    const uint64_t before = backend().statements();
    call();
    return backend().statements() - before;
  };
  EXPECT_EQ(cost([&] { Get(id); }), 1u);
  EXPECT_EQ(cost([&] { ListIds(operator_, {}); }), 1u);
  // Read; and the event with the change.
  EXPECT_EQ(cost([&] { Acknowledge(operator_, id); }), 3u);
}

}  // namespace
}  // namespace gatehouse::tests
