#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/webhook/written_deliveries.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using storage::DeliveryState;

class ExplainDeliveryTest : public WrittenDeliveries {
 protected:
  UnaryOutcome<v1::ExplainDeliveryResponse> Ask(const std::string& event_id) {
    v1::ExplainDeliveryRequest request;
    request.set_endpoint_id(endpoint_id());
    request.set_event_id(event_id);
    return Call<v1::ExplainDeliveryResponse>(keeper(), request);
  }
  v1::ExplainDeliveryResponse Explain(const std::string& event_id) {
    const auto outcome = Ask(event_id);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_NE(outcome.response.explanation(), "");
    return outcome.response;
  }
  v1::DeliveryReason Reason(const std::string& event_id) { return Explain(event_id).reason(); }
  std::string PublishInOrder(const std::string& type) {
    const std::string id = Publish(type);
    Sequence();
    return id;
  }
  void SetState(v1::EndpointState state) {
    v1::UpdateEndpointRequest request;
    request.set_endpoint_id(endpoint_id());
    request.mutable_endpoint()->set_state(state);
    request.mutable_update_mask()->add_paths("state");
    ASSERT_TRUE(Call<v1::UpdateEndpointResponse>(admin(), request).ok());
  }
  void Set(const std::string& assignment) {
    ServerFixture::Ask("UPDATE gatehouse.endpoint_delivery SET " + assignment + " RETURNING 1");
  }
};

TEST_F(ExplainDeliveryTest, WhatHappenedToIt) {
  const std::string first = PublishInOrder("order.paid");
  WriteAttempts(first, 3, std::nullopt);
  const v1::ExplainDeliveryResponse delivered = Explain(first);
  EXPECT_EQ(delivered.reason(), v1::DELIVERY_REASON_DELIVERED);
  EXPECT_EQ(delivered.explanation(), "The receiver answered attempt 3 with status 200.");
  EXPECT_TRUE(delivered.has_since_time());
  EXPECT_FALSE(delivered.has_next_attempt_time());
  EXPECT_EQ(delivered.delivery().attempts_size(), 3);

  const std::string second = PublishInOrder("order.paid");
  WriteAttempts(second, 10, DeliveryState::kExhausted);
  EXPECT_EQ(Reason(second), v1::DELIVERY_REASON_EXHAUSTED);

  const std::string third = PublishInOrder("order.paid");
  WriteAttempts(third, 2, DeliveryState::kRetrying);
  const v1::ExplainDeliveryResponse retrying = Explain(third);
  EXPECT_EQ(retrying.reason(), v1::DELIVERY_REASON_RETRY_SCHEDULED);
  EXPECT_EQ(retrying.explanation(), "Attempt 2 failed (status); it is tried again.");
  EXPECT_EQ(retrying.next_attempt_time().seconds(),
            retrying.delivery().next_attempt_time().seconds());
  EXPECT_TRUE(retrying.has_since_time());
  clock().Advance(std::chrono::minutes(6));
  EXPECT_EQ(Reason(third), v1::DELIVERY_REASON_BEING_SENT);
  ServerFixture::Ask("DELETE FROM gatehouse.webhook_exception WHERE state = 2 RETURNING 1");
  EXPECT_EQ(Reason(third), v1::DELIVERY_REASON_DROPPED);
}

TEST_F(ExplainDeliveryTest, WhyItsTurnHasNotCome) {
  EXPECT_EQ(Reason(Publish("order.paid")), v1::DELIVERY_REASON_NOT_SEQUENCED);
  const std::string unwanted = PublishInOrder("invoice.sent");
  const std::string wanted = PublishInOrder("order.paid");
  EXPECT_EQ(Reason(unwanted), v1::DELIVERY_REASON_NOT_MATCHED);
  EXPECT_EQ(Reason(wanted), v1::DELIVERY_REASON_BEING_SENT);
  for (int i = 0; i < 4; ++i) Publish("order.paid");
  const std::string later = PublishInOrder("order.paid");
  EXPECT_EQ(Reason(later), v1::DELIVERY_REASON_WAITING);

  Set("breaker_open = true, consecutive_failures = 7, last_failure_time = '2026-01-01T00:00:00Z'");
  const v1::ExplainDeliveryResponse open = Explain(wanted);
  EXPECT_EQ(open.reason(), v1::DELIVERY_REASON_BREAKER_OPEN);
  EXPECT_EQ(open.next_attempt_time().seconds() - open.since_time().seconds(), 600);
  SetState(v1::ENDPOINT_STATE_PAUSED);
  EXPECT_EQ(Reason(wanted), v1::DELIVERY_REASON_ENDPOINT_PAUSED);
  ServerFixture::Ask(
      "UPDATE gatehouse.endpoint SET state = 3, disabled_reason = 'gone' RETURNING 1");
  EXPECT_EQ(Explain(wanted).explanation(), "The server switched the endpoint off: gone.");
  EXPECT_EQ(Reason(wanted), v1::DELIVERY_REASON_ENDPOINT_DISABLED);
}

TEST_F(ExplainDeliveryTest, WhatWasNeverItsOwn) {
  const std::string before = PublishInOrder("order.paid");
  CreateOwnEndpoint();
  Sequence();
  EXPECT_EQ(Reason(before), v1::DELIVERY_REASON_BEFORE_ENDPOINT);
  // Passed without being sent.
  const std::string passed = PublishInOrder("order.paid");
  WriteAttempts(PublishInOrder("order.paid"), 1, std::nullopt);
  EXPECT_EQ(Reason(passed), v1::DELIVERY_REASON_NOT_MATCHED);
}

TEST_F(ExplainDeliveryTest, WhatWasSentBeforeAttemptsAreKeptIsNoLongerKnown) {
  const std::string delivered = PublishInOrder("order.paid");
  WriteAttempts(delivered, 1, std::nullopt);
  const std::string waiting = PublishInOrder("order.paid");
  ForgetAttempts();
  EXPECT_EQ(Reason(delivered), v1::DELIVERY_REASON_NO_LONGER_KNOWN);
  EXPECT_FALSE(Explain(delivered).has_delivery());
  EXPECT_EQ(Reason(waiting), v1::DELIVERY_REASON_BEING_SENT);
  WriteAttempts(waiting, 1, std::nullopt);
  EXPECT_EQ(Reason(waiting), v1::DELIVERY_REASON_DELIVERED);
  DeleteEndpoint();
  EXPECT_EQ(Reason(delivered), v1::DELIVERY_REASON_NO_LONGER_KNOWN);
}

TEST_F(ExplainDeliveryTest, ADeletedEndpointIsKnownByWhatItWasSent) {
  const std::string failed = PublishInOrder("order.paid");
  WriteAttempts(failed, 1, DeliveryState::kRetrying);
  const std::string unsent = PublishInOrder("order.paid");
  DeleteEndpoint();
  EXPECT_EQ(Reason(failed), v1::DELIVERY_REASON_ENDPOINT_DELETED);
  EXPECT_EQ(Reason(unsent), v1::DELIVERY_REASON_ENDPOINT_DELETED);
}

TEST_F(ExplainDeliveryTest, NothingIsSaidOfWhatIsNotThereOrAnothers) {
  const std::string event_id = PublishInOrder("order.paid");
  EXPECT_EQ(Ask(Uuid::MakeV7(clock().Now()).ToString()).reason(), "EVENT_NOT_FOUND");
  EXPECT_EQ(Ask("x").reason(), "INVALID_FIELD");
  v1::ExplainDeliveryRequest request;
  request.set_endpoint_id(endpoint_id());
  request.set_event_id(event_id);
  const Caller foreign = backend().MakeApiKey({"endpoints.read"}, Uuid::MakeV7(clock().Now()));
  EXPECT_EQ(Call<v1::ExplainDeliveryResponse>(foreign, request).reason(), "ENDPOINT_NOT_FOUND");
  request.set_endpoint_id(Uuid::MakeV7(clock().Now()).ToString());
  EXPECT_EQ(Call<v1::ExplainDeliveryResponse>(admin(), request).reason(), "ENDPOINT_NOT_FOUND");
}

}  // namespace
}  // namespace gatehouse::tests
