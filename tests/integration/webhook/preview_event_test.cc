#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/webhook/written_deliveries.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;

class PreviewEventTest : public WrittenDeliveries {
 protected:
  UnaryOutcome<v1::PreviewEventResponse> Preview() {
    return Call<v1::PreviewEventResponse>(admin(), request_);
  }

  v1::PreviewEventRequest request_;
};

TEST_F(PreviewEventTest, ShowsTheBytesAndNoSecret) {
  v1::CreateEndpointRequest create;
  create.mutable_endpoint()->set_url("https://example.com/hook");
  create.mutable_endpoint()->add_event_types("order.*");
  (*create.mutable_endpoint()->mutable_headers())["X-Token"] = "header-secret";
  const auto created = Call<v1::CreateEndpointResponse>(admin(), create);
  ASSERT_TRUE(created.ok()) << created.message;
  request_.set_endpoint_id(created.response.endpoint().id());
  request_.set_type("order.paid");
  (*request_.mutable_data()->mutable_fields())["currency"].set_string_value("EUR");
  (*request_.mutable_data()->mutable_fields())["total"].set_number_value(12);
  const auto outcome = Preview();
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  const v1::PreviewEventResponse& shown = outcome.response;
  EXPECT_EQ(
      shown.body(),
      R"({"type":"order.paid","timestamp":"2026-01-01T00:00:00.000000Z","data":{"total": 12, "currency": "EUR"}})");
  EXPECT_EQ(shown.headers().at("Content-Type"), "application/json");
  EXPECT_EQ(shown.headers().at("webhook-timestamp"), "1767225600");
  EXPECT_TRUE(Uuid::Parse(shown.headers().at("webhook-id")).has_value());
  EXPECT_EQ(shown.headers().at("webhook-signature"), "***");
  EXPECT_EQ(shown.headers().at("X-Token"), "***");
  EXPECT_TRUE(shown.matched());
  EXPECT_THAT(shown.endpoint_ids(), ElementsAre(created.response.endpoint().id(), endpoint_id()));
  EXPECT_EQ(CountEvents("order.paid"), "0");
}

TEST_F(PreviewEventTest, PatternsCanBeTriedBeforeTheyAreSaved) {
  request_.set_type("invoice.sent");
  EXPECT_FALSE(Preview().response.matched());
  request_.set_endpoint_id(endpoint_id());
  EXPECT_FALSE(Preview().response.matched());
  request_.add_event_types("invoice.*");
  const auto outcome = Preview();
  EXPECT_TRUE(outcome.response.matched());
  EXPECT_EQ(outcome.response.endpoint_ids_size(), 0);
  request_.add_event_types("not a pattern");
  const auto refused = Preview();
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.message, HasSubstr("event_types[1]"));
}

TEST_F(PreviewEventTest, NamesTheNewestThousandOfManyEndpoints) {
  constexpr int kOthers = 2400;
  Ask("INSERT INTO gatehouse.endpoint (tenant_id, endpoint_id, url, event_types, description, "
      "headers, secrets, timeout_ms, max_in_flight, state, disabled_reason, metadata, create_time, "
      "update_time, version) SELECT tenant_id, ('00000000-0000-7000-8000-' || "
      "lpad(i::text, 12, '0'))::uuid, url, CASE WHEN i % 2 = 0 THEN event_types ELSE '{other}' "
      "END, description, headers, secrets, timeout_ms, max_in_flight, state, disabled_reason, "
      "metadata, create_time, update_time, version FROM gatehouse.endpoint, generate_series(1, " +
      std::to_string(kOthers) + ") AS i");
  std::vector<std::string> expected = {endpoint_id()};
  for (int i = kOthers; expected.size() < 1000; i -= 2) {
    const std::string number = std::to_string(i);
    expected.push_back("00000000-0000-7000-8000-" + std::string(12 - number.size(), '0') + number);
  }
  request_.set_type("order.paid");
  const auto outcome = Preview();
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_THAT(outcome.response.endpoint_ids(), ElementsAreArray(expected));
  // Fewer: each of them once.
  Ask("UPDATE gatehouse.endpoint SET event_types = '{other}' WHERE endpoint_id > "
      "'00000000-0000-7000-8000-000000001000'");
  EXPECT_EQ(Preview().response.endpoint_ids_size(), 500);
}

TEST_F(PreviewEventTest, AnEventOfTheLogNeedsThePermissionToReadIt) {
  request_.set_event_id(Publish("order.paid"));
  const auto outcome = Preview();
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.headers().at("webhook-id"), request_.event_id());
  EXPECT_THAT(outcome.response.endpoint_ids(), ElementsAre(endpoint_id()));
  const Caller reader = backend().MakeApiKey({"endpoints.read"});
  EXPECT_EQ(Call<v1::PreviewEventResponse>(reader, request_).code,
            absl::StatusCode::kPermissionDenied);
  const Caller foreign =
      backend().MakeApiKey({"endpoints.read", "events.read"}, Uuid::MakeV7(clock().Now()));
  EXPECT_EQ(Call<v1::PreviewEventResponse>(foreign, request_).reason(), "EVENT_NOT_FOUND");
  request_.set_type("order.paid");
  EXPECT_EQ(Preview().reason(), "INVALID_FIELD");
  request_.clear_event_id();
  EXPECT_TRUE(Call<v1::PreviewEventResponse>(reader, request_).ok());
  const auto theirs = Call<v1::PreviewEventResponse>(foreign, request_);
  ASSERT_TRUE(theirs.ok()) << theirs.message;
  EXPECT_EQ(theirs.response.endpoint_ids_size(), 0);
  request_.set_endpoint_id(endpoint_id());
  EXPECT_EQ(Call<v1::PreviewEventResponse>(foreign, request_).reason(), "ENDPOINT_NOT_FOUND");
}

TEST_F(PreviewEventTest, RefusesWhatCouldNotBePublished) {
  EXPECT_EQ(Preview().reason(), "INVALID_FIELD");
  request_.set_type("user.created");
  EXPECT_EQ(Preview().reason(), "INVALID_FIELD");
  request_.set_type("order.paid");
  (*request_.mutable_data()->mutable_fields())["x"].set_string_value(
      std::string(size_t{257} << 10, 'x'));
  EXPECT_EQ(Preview().reason(), "TOO_LARGE");
}

}  // namespace
}  // namespace gatehouse::tests
