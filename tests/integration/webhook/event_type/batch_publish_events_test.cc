#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "google/rpc/error_details.pb.h"
#include "tests/integration/webhook/written_deliveries.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using testing::ElementsAre;

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";

class BatchPublishEventsTest : public WrittenDeliveries {
 protected:
  v1::NewEvent& Add(const std::string& type) {
    v1::NewEvent& event = *request_.add_events();
    event.set_type(type);
    return event;
  }
  UnaryOutcome<v1::BatchPublishEventsResponse> Publish() {
    return Call<v1::BatchPublishEventsResponse>(admin(), request_);
  }
  std::vector<std::string> FieldsThatAreWrong() {
    std::vector<std::string> fields;
    const auto bad = Publish().Detail<google::rpc::BadRequest>();
    if (bad) {
      for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
    }
    return fields;
  }

  v1::BatchPublishEventsRequest request_;
};

TEST_F(BatchPublishEventsTest, EventsStandInTheLogInTheirOrder) {
  for (int i = 0; i < 500; ++i) {
    (*Add("order.n" + std::to_string(i % 7)).mutable_data()->mutable_fields())["i"]
        .set_number_value(i);
  }
  const uint64_t before = backend().statements();
  const auto outcome = Publish();
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  // Which types have a schema, and the events.
  EXPECT_EQ(backend().statements() - before, 2u);
  Sequence();
  std::string ids;
  for (const std::string& id : outcome.response.event_ids()) ids += (ids.empty() ? "" : ",") + id;
  EXPECT_EQ(outcome.response.event_ids_size(), 500);
  EXPECT_EQ(Ask("SELECT string_agg(event_id::text, ',' ORDER BY index) FROM gatehouse.event_order "
                "WHERE type LIKE 'order.n%'"),
            ids);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type LIKE 'order.n%' AND "
                "(details->>'i')::integer % 7 = right(type, 1)::integer"),
            "500");
  EXPECT_EQ(Ask("SELECT count(DISTINCT xid) FROM gatehouse.event WHERE type LIKE 'order.n%'"), "1");
}

TEST_F(BatchPublishEventsTest, AllOrNone) {
  Add("order.paid");
  Add("user.created");
  Add("order.sent");
  (*Add("order paid").mutable_data()->mutable_fields())["x"].set_string_value(
      std::string(size_t{257} << 10, 'x'));
  EXPECT_EQ(Publish().reason(), "INVALID_FIELD");
  EXPECT_THAT(FieldsThatAreWrong(),
              ElementsAre("events[1].type", "events[3].type", "events[3].data"));
  EXPECT_EQ(CountEvents("order.paid"), "0");
}

TEST_F(BatchPublishEventsTest, DataAreJudgedByTheSchemaOfTheirType) {
  v1::CreateEventTypeRequest type;
  type.mutable_event_type()->set_name("order.paid");
  auto& schema = *type.mutable_event_type()->mutable_schema();
  schema.mutable_fields()
      ->operator[]("required")
      .mutable_list_value()
      ->add_values()
      ->set_string_value("id");
  ASSERT_TRUE(Call<v1::CreateEventTypeResponse>(admin(), type).ok());
  Add("order.sent");
  Add("order.paid");
  EXPECT_EQ(Publish().reason(), "EVENT_DATA_INVALID");
  EXPECT_THAT(FieldsThatAreWrong(), ElementsAre("events[1].data.id"));
  EXPECT_EQ(CountEvents("order.sent"), "0");
  (*request_.mutable_events(1)->mutable_data()->mutable_fields())["id"].set_string_value("a");
  EXPECT_TRUE(Publish().ok());
  EXPECT_EQ(CountEvents("order.sent"), "1");
}

TEST_F(BatchPublishEventsTest, ARepetitionPublishesNothing) {
  Add("order.paid");
  Add("order.paid");
  request_.set_request_id(kRequestId);
  const auto first = Publish();
  const auto again = Publish();
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.SerializeAsString(), first.response.SerializeAsString());
  EXPECT_EQ(CountEvents("order.paid"), "2");
  Add("order.paid");
  EXPECT_EQ(Publish().reason(), "REQUEST_ID_REUSED");
}

TEST_F(BatchPublishEventsTest, ValidateOnlyPublishesNothing) {
  Add("order.paid");
  request_.set_validate_only(true);
  const auto outcome = Publish();
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.event_ids_size(), 0);
  EXPECT_EQ(CountEvents("order.paid"), "0");
}

TEST_F(BatchPublishEventsTest, IsBounded) {
  EXPECT_THAT(FieldsThatAreWrong(), ElementsAre("events"));
  for (int i = 0; i < 501; ++i) Add("order.paid");
  EXPECT_THAT(FieldsThatAreWrong(), ElementsAre("events"));
  request_.clear_events();
  for (int i = 0; i < 10; ++i) {
    (*Add("order.paid").mutable_data()->mutable_fields())["x"].set_string_value(
        std::string(size_t{250} << 10, 'x'));
  }
  EXPECT_EQ(Publish().reason(), "TOO_LARGE");
  EXPECT_THAT(FieldsThatAreWrong(), ElementsAre("events"));
  // Of many that are wrong some are named.
  request_.clear_events();
  for (int i = 0; i < 500; ++i) Add("wrong type");
  EXPECT_EQ(Publish().reason(), "INVALID_FIELD");
  EXPECT_EQ(CountEvents("order.paid"), "0");
}

TEST_F(BatchPublishEventsTest, NeedsThePermissionToPublish) {
  Add("order.paid");
  const Caller reader = backend().MakeApiKey({"events.read", "endpoints.write"});
  EXPECT_EQ(Call<v1::BatchPublishEventsResponse>(reader, request_).code,
            absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace gatehouse::tests
