#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "storage/delivery/delivery_store.h"
#include "tests/integration/webhook/written_deliveries.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";

class RedeliverEventTest : public WrittenDeliveries {
 protected:
  void SetUp() override {
    WrittenDeliveries::SetUp();
    event_id_ = Publish("order.paid");
    Sequence();
    request_.set_endpoint_id(endpoint_id());
    request_.set_event_id(event_id_);
  }

  UnaryOutcome<v1::RedeliverEventResponse> Redeliver() {
    return Call<v1::RedeliverEventResponse>(admin(), request_);
  }
  UnaryOutcome<v1::GetDeliveryResponse> GetDelivery() {
    v1::GetDeliveryRequest request;
    request.set_endpoint_id(request_.endpoint_id());
    request.set_event_id(request_.event_id());
    return Call<v1::GetDeliveryResponse>(admin(), request);
  }

  std::string event_id_;
  v1::RedeliverEventRequest request_;
};

TEST_F(RedeliverEventTest, BeginsAnewAndKeepsTheHistory) {
  WriteAttempts(event_id_, 10, storage::DeliveryState::kExhausted);
  const auto exhausted = GetDelivery();
  ASSERT_TRUE(exhausted.ok()) << exhausted.message;
  EXPECT_EQ(exhausted.response.delivery().state(), v1::DELIVERY_STATE_EXHAUSTED);

  const auto outcome = Redeliver();
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  const v1::Delivery& answer = outcome.response.delivery();
  EXPECT_EQ(answer.state(), v1::DELIVERY_STATE_RETRYING);
  EXPECT_EQ(answer.event_id(), event_id_);
  EXPECT_EQ(answer.event_type(), "order.paid");
  EXPECT_EQ(answer.attempts_size(), 0);
  const v1::Delivery now = GetDelivery().response.delivery();
  EXPECT_EQ(now.state(), v1::DELIVERY_STATE_RETRYING);
  EXPECT_EQ(now.event_index(), answer.event_index());
  EXPECT_EQ(now.next_attempt_time().seconds(), answer.next_attempt_time().seconds());
  ASSERT_EQ(now.attempts_size(), 10);
  EXPECT_EQ(now.attempts(9).number(), 10);
  EXPECT_EQ(Ask("SELECT (e.targets->0->>'id') || ' ' || (e.targets->1->>'id') || ' ' || e.details "
                "FROM gatehouse.event e JOIN gatehouse.webhook_exception x "
                "ON e.xid = x.xmin::text::xid8 WHERE e.type = 'webhook.redelivered'"),
            endpoint_id() + " " + event_id_ + " {\"event_type\": \"order.paid\"}");
}

TEST_F(RedeliverEventTest, OncePerRequestId) {
  WriteAttempts(event_id_, 1, std::nullopt);
  request_.set_request_id(kRequestId);
  ASSERT_TRUE(Redeliver().ok());
  ASSERT_TRUE(Redeliver().ok());
  EXPECT_EQ(CountEvents("webhook.redelivered"), "1");
  request_.set_event_id(Publish("order.sent"));
  EXPECT_EQ(Redeliver().reason(), "REQUEST_ID_REUSED");
}

TEST_F(RedeliverEventTest, ManyAtTheSameTimeAreOneRetry) {
  WriteAttempts(event_id_, 1, std::nullopt);
  std::vector<std::future<std::string>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::async(std::launch::async, [this] { return Redeliver().message; }));
  }
  for (std::future<std::string>& caller : callers) EXPECT_EQ(caller.get(), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_exception"), "1");
  EXPECT_EQ(Ask("SELECT retrying_count FROM gatehouse.endpoint_delivery"), "1");
  EXPECT_EQ(CountEvents("webhook.redelivered"), "8");
}

TEST_F(RedeliverEventTest, ValidateOnlyChecksAllAndChangesNothing) {
  request_.set_validate_only(true);
  EXPECT_EQ(Redeliver().reason(), "DELIVERY_PENDING");
  WriteAttempts(event_id_, 1, std::nullopt);
  const auto outcome = Redeliver();
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.delivery().state(), v1::DELIVERY_STATE_RETRYING);
  EXPECT_EQ(CountEvents("webhook.redelivered"), "0");
  EXPECT_EQ(GetDelivery().response.delivery().state(), v1::DELIVERY_STATE_SUCCEEDED);
}

TEST_F(RedeliverEventTest, RefusesWhatIsNotThereOrNotToBeSent) {
  const auto reason = [this](const std::string& endpoint_id, const std::string& event_id) {
    request_.set_endpoint_id(endpoint_id);
    request_.set_event_id(event_id);
    const auto outcome = Redeliver();
    EXPECT_FALSE(outcome.ok());
    return outcome.reason();
  };
  const std::string nobody = Uuid::MakeV7(clock().Now()).ToString();
  WriteAttempts(event_id_, 1, std::nullopt);
  EXPECT_EQ(reason(nobody, event_id_), "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(reason(endpoint_id(), nobody), "EVENT_NOT_FOUND");
  EXPECT_EQ(reason("x", event_id_), "INVALID_FIELD");
  EXPECT_EQ(reason(endpoint_id(), "x"), "INVALID_FIELD");
  EXPECT_EQ(reason(endpoint_id(), Publish("order.sent")), "DELIVERY_PENDING") << "no index yet";
  const std::string unwanted = Publish("invoice.sent");
  EXPECT_EQ(reason(endpoint_id(), unwanted), "EVENT_NOT_WANTED");
  // The order remembers it longer than its payload is kept.
  Ask("DELETE FROM gatehouse.event WHERE event_id = '" + event_id_ + "' RETURNING 1");
  EXPECT_EQ(reason(endpoint_id(), event_id_), "EVENT_NOT_FOUND");
  EXPECT_EQ(CountEvents("webhook.redelivered"), "0");
}

TEST_F(RedeliverEventTest, AnotherTenantsAreNotThere) {
  WriteAttempts(event_id_, 1, std::nullopt);
  const Caller foreign = backend().MakeApiKey({"endpoints.read", "endpoints.write", "events.read"},
                                              Uuid::MakeV7(clock().Now()));
  EXPECT_EQ(Call<v1::RedeliverEventResponse>(foreign, request_).reason(), "ENDPOINT_NOT_FOUND");
  v1::GetDeliveryRequest get;
  get.set_endpoint_id(endpoint_id());
  get.set_event_id(event_id_);
  EXPECT_EQ(Call<v1::GetDeliveryResponse>(foreign, get).reason(), "DELIVERY_NOT_FOUND");
  v1::ListDeliveriesRequest list;
  list.set_endpoint_id(endpoint_id());
  EXPECT_EQ(Call<v1::ListDeliveriesResponse>(foreign, list).reason(), "ENDPOINT_NOT_FOUND");
  DeleteEndpoint();
  EXPECT_EQ(Call<v1::ListDeliveriesResponse>(foreign, list).reason(), "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(Call<v1::GetDeliveryResponse>(foreign, get).reason(), "DELIVERY_NOT_FOUND");
}

TEST_F(RedeliverEventTest, NeedsThePermissionToChangeEndpoints) {
  WriteAttempts(event_id_, 1, std::nullopt);
  const Caller reader = backend().MakeApiKey({"endpoints.read"});
  EXPECT_EQ(Call<v1::RedeliverEventResponse>(reader, request_).code,
            absl::StatusCode::kPermissionDenied);
  v1::GetDeliveryRequest get;
  get.set_endpoint_id(endpoint_id());
  get.set_event_id(event_id_);
  EXPECT_TRUE(Call<v1::GetDeliveryResponse>(reader, get).ok());
}

TEST_F(RedeliverEventTest, CostsFiveStatementsAndReadingOne) {
  WriteAttempts(event_id_, 1, std::nullopt);
  GetDelivery();
  const auto statements = [&](auto call) {
    const uint64_t before = backend().statements();
    EXPECT_TRUE(call().ok());
    return backend().statements() - before;
  };
  EXPECT_EQ(statements([&] { return GetDelivery(); }), 1u);
  // The endpoint and the event are read; the change is the event, the lock and the exception.
  EXPECT_EQ(statements([&] { return Redeliver(); }), 2u + 3u);
}

// It is gone, and what it was sent is not.
TEST_F(RedeliverEventTest, ADeletedEndpointsHistoryStaysAndIsNotSentAgain) {
  WriteAttempts(event_id_, 2, storage::DeliveryState::kRetrying);
  DeleteEndpoint();
  v1::GetEndpointRequest get;
  get.set_endpoint_id(endpoint_id());
  EXPECT_EQ(Call<v1::GetEndpointResponse>(admin(), get).reason(), "ENDPOINT_NOT_FOUND");
  const auto delivery = GetDelivery();
  ASSERT_TRUE(delivery.ok()) << delivery.message;
  EXPECT_EQ(delivery.response.delivery().state(), v1::DELIVERY_STATE_DROPPED);
  EXPECT_EQ(delivery.response.delivery().attempts_size(), 2);
  EXPECT_FALSE(delivery.response.delivery().has_next_attempt_time());
  v1::ListDeliveriesRequest list;
  list.set_endpoint_id(endpoint_id());
  const auto page = Call<v1::ListDeliveriesResponse>(admin(), list);
  ASSERT_TRUE(page.ok()) << page.message;
  ASSERT_EQ(page.response.deliveries_size(), 1);
  EXPECT_EQ(page.response.deliveries(0).state(), v1::DELIVERY_STATE_DROPPED);
  list.set_state(v1::DELIVERY_STATE_DROPPED);
  EXPECT_EQ(Call<v1::ListDeliveriesResponse>(admin(), list).reason(), "INVALID_FIELD");
  EXPECT_EQ(Redeliver().reason(), "ENDPOINT_NOT_FOUND");
}

}  // namespace
}  // namespace gatehouse::tests
