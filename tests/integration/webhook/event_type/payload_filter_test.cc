#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/webhook/written_deliveries.h"

namespace gatehouse::tests {
namespace {

using storage::DeliveryState;
using testing::ElementsAre;
using testing::HasSubstr;

// What the API says of an endpoint's payload_filter. What the engine does with it is in
// webhook_payload_filter_test.cc.
class PayloadFilterTest : public WrittenDeliveries {
 protected:
  UnaryOutcome<v1::UpdateEndpointResponse> SetFilter(const std::string& filter) {
    return SetFilter(admin(), filter);
  }
  UnaryOutcome<v1::UpdateEndpointResponse> SetFilter(const Caller& caller,
                                                     const std::string& filter) {
    v1::UpdateEndpointRequest request;
    request.set_endpoint_id(endpoint_id());
    request.mutable_endpoint()->set_payload_filter(filter);
    request.mutable_update_mask()->add_paths("payload_filter");
    return Call<v1::UpdateEndpointResponse>(caller, request);
  }
  std::string PublishAmount(int amount) {
    v1::PublishEventRequest request;
    request.set_type("order.paid");
    (*request.mutable_data()->mutable_fields())["amount"].set_number_value(amount);
    const auto outcome = Call<v1::PublishEventResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    Sequence();
    return outcome.response.event_id();
  }
  v1::ReconcileDeliveriesResponse Reconcile() {
    v1::ReconcileDeliveriesRequest request;
    request.set_endpoint_id(endpoint_id());
    const auto outcome = Call<v1::ReconcileDeliveriesResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }
};

TEST_F(PayloadFilterTest, IsASettingLikeOthers) {
  const auto set = SetFilter("data.amount >= 100");
  ASSERT_TRUE(set.ok()) << set.message;
  EXPECT_EQ(set.response.endpoint().payload_filter(), "data.amount >= 100");
  EXPECT_EQ(changes_, 2);
  v1::GetEndpointRequest get;
  get.set_endpoint_id(endpoint_id());
  EXPECT_EQ(Call<v1::GetEndpointResponse>(admin(), get).response.endpoint().payload_filter(),
            "data.amount >= 100");
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'endpoint.updated'"),
            "{\"fields\": [\"payload_filter\"]}");
  SetFilter("data.amount >= 100");
  EXPECT_EQ(CountEvents("endpoint.updated"), "1");
  EXPECT_EQ(SetFilter("").response.endpoint().payload_filter(), "");
}

TEST_F(PayloadFilterTest, SaysWhereItIsWrong) {
  const auto outcome = SetFilter("data.amount >= 100 data.x = 1");
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(outcome.reason(), "INVALID_FILTER");
  EXPECT_THAT(outcome.message, HasSubstr("endpoint.payload_filter: at byte 19"));
  v1::CreateEndpointRequest create;
  create.mutable_endpoint()->set_url("https://example.com/");
  create.mutable_endpoint()->add_event_types("order.*");
  create.mutable_endpoint()->set_payload_filter("amount = 1");
  EXPECT_EQ(Call<v1::CreateEndpointResponse>(admin(), create).reason(), "INVALID_FILTER");
}

// A wider filter lets more of the server's own events through than its owner may have been meant to
// read.
TEST_F(PayloadFilterTest, OfTheServersOwnEventsItNeedsThePermissionToReadThem) {
  const Caller writer = backend().MakeApiKey({"endpoints.write"});
  EXPECT_TRUE(SetFilter(writer, "data.a = 1").ok());
  v1::UpdateEndpointRequest all;
  all.set_endpoint_id(endpoint_id());
  all.mutable_endpoint()->add_event_types("*");
  all.mutable_update_mask()->add_paths("event_types");
  ASSERT_TRUE(Call<v1::UpdateEndpointResponse>(admin(), all).ok());
  EXPECT_EQ(SetFilter(writer, "").code, absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(SetFilter("").ok());
}

TEST_F(PayloadFilterTest, WhatItKeepsOutIsExplainedAndNotSentAgain) {
  const std::string out = PublishAmount(1);
  const std::string in = PublishAmount(100);
  ASSERT_TRUE(SetFilter("data.amount >= 100").ok());
  const auto explain = [this](const std::string& event_id) {
    v1::ExplainDeliveryRequest request;
    request.set_endpoint_id(endpoint_id());
    request.set_event_id(event_id);
    return Call<v1::ExplainDeliveryResponse>(admin(), request).response;
  };
  EXPECT_EQ(explain(out).reason(), v1::DELIVERY_REASON_NOT_MATCHED);
  EXPECT_THAT(explain(out).explanation(), HasSubstr("payload_filter"));
  EXPECT_NE(explain(in).reason(), v1::DELIVERY_REASON_NOT_MATCHED);
  const auto redeliver = [this](const std::string& event_id) {
    v1::RedeliverEventRequest request;
    request.set_endpoint_id(endpoint_id());
    request.set_event_id(event_id);
    return Call<v1::RedeliverEventResponse>(admin(), request);
  };
  WriteAttempts(in, 1, std::nullopt);
  const auto refused = redeliver(out);
  EXPECT_EQ(refused.code, absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.reason(), "EVENT_NOT_WANTED");
  EXPECT_TRUE(redeliver(in).ok());
}

TEST_F(PayloadFilterTest, WhatItKeepsOutIsNotMissing) {
  PublishAmount(1);
  WriteAttempts(PublishAmount(100), 1, std::nullopt);
  const std::string lost = PublishAmount(200);
  PublishAmount(2);
  WriteAttempts(PublishAmount(300), 2, DeliveryState::kRetrying);
  PublishAmount(400);
  PublishAmount(3);
  ASSERT_EQ(Reconcile().difference(), 3) << "without the filter";
  ASSERT_TRUE(SetFilter("data.amount >= 100").ok());
  const v1::ReconcileDeliveriesResponse found = Reconcile();
  EXPECT_EQ(found.matched_count(), 4);
  EXPECT_EQ(found.delivered_count(), 1);
  EXPECT_EQ(found.retrying_count(), 1);
  EXPECT_EQ(found.pending_count(), 1);
  EXPECT_EQ(found.difference(), 1);
  EXPECT_THAT(found.missing_event_ids(), ElementsAre(lost));
  EXPECT_EQ(found.next_index(), 0);
}

TEST_F(PayloadFilterTest, ReconcilingLooksAtBoundedBytes) {
  ASSERT_TRUE(SetFilter("data.n:*").ok());
  const std::string text(size_t{250} << 10, 'x');
  for (int i = 0; i < 80; ++i) {
    v1::PublishEventRequest request;
    request.set_type("order.paid");
    (*request.mutable_data()->mutable_fields())["n"].set_string_value(text);
    ASSERT_TRUE(Call<v1::PublishEventResponse>(admin(), request).ok());
  }
  Sequence();
  v1::ReconcileDeliveriesRequest request;
  request.set_endpoint_id(endpoint_id());
  int matched = 0;
  int calls = 0;
  do {
    const auto page = Call<v1::ReconcileDeliveriesResponse>(admin(), request);
    ASSERT_TRUE(page.ok()) << page.message;
    matched += page.response.matched_count();
    ++calls;
    request.set_from_index(page.response.next_index());
  } while (request.from_index() != 0);
  EXPECT_EQ(matched, 80);
  EXPECT_GT(calls, 1);
}

TEST_F(PayloadFilterTest, CanBeTriedBeforeItIsSaved) {
  v1::PreviewEventRequest request;
  request.set_type("order.paid");
  (*request.mutable_data()->mutable_fields())["amount"].set_number_value(100);
  const auto preview = [&] { return Call<v1::PreviewEventResponse>(admin(), request).response; };
  request.set_payload_filter("data.amount > 100");
  EXPECT_FALSE(preview().matched());
  EXPECT_THAT(preview().endpoint_ids(), ElementsAre(endpoint_id())) << "which has none";
  request.set_payload_filter("data.amount >= 100");
  EXPECT_TRUE(preview().matched());
  request.add_event_types("invoice.*");
  EXPECT_FALSE(preview().matched());
  request.set_payload_filter("amount");
  EXPECT_EQ(Call<v1::PreviewEventResponse>(admin(), request).reason(), "INVALID_FILTER");
  request.clear_payload_filter();
  request.clear_event_types();
  request.set_endpoint_id(endpoint_id());
  EXPECT_TRUE(preview().matched());
  ASSERT_TRUE(SetFilter("data.amount = 1").ok());
  EXPECT_FALSE(preview().matched());
  EXPECT_EQ(preview().endpoint_ids_size(), 0);
}

}  // namespace
}  // namespace gatehouse::tests
