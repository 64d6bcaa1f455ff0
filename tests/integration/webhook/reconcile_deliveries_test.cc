#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/webhook/written_deliveries.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using storage::DeliveryState;
using testing::ElementsAre;

class ReconcileDeliveriesTest : public WrittenDeliveries {
 protected:
  void SetUp() override {
    WrittenDeliveries::SetUp();
    request_.set_endpoint_id(endpoint_id());
  }
  std::string PublishInOrder(const std::string& type) {
    clock().Advance(std::chrono::seconds(1));
    const std::string id = Publish(type);
    Sequence();
    return id;
  }
  UnaryOutcome<v1::ReconcileDeliveriesResponse> Call() {
    return WrittenDeliveries::Call<v1::ReconcileDeliveriesResponse>(actor(), request_);
  }
  v1::ReconcileDeliveriesResponse Reconcile() {
    const auto outcome = Call();
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }

  v1::ReconcileDeliveriesRequest request_;
};

TEST_F(ReconcileDeliveriesTest, EveryEventIsSomewhere) {
  for (int i = 0; i < 3; ++i) WriteAttempts(PublishInOrder("order.paid"), 1, std::nullopt);
  PublishInOrder("invoice.sent");
  WriteAttempts(PublishInOrder("order.paid"), 2, DeliveryState::kRetrying);
  WriteAttempts(PublishInOrder("order.paid"), 10, DeliveryState::kExhausted);
  PublishInOrder("order.paid");
  PublishInOrder("order.paid");
  const v1::ReconcileDeliveriesResponse found = Reconcile();
  EXPECT_EQ(found.matched_count(), 7);
  EXPECT_EQ(found.delivered_count(), 3);
  EXPECT_EQ(found.retrying_count(), 1);
  EXPECT_EQ(found.exhausted_count(), 1);
  EXPECT_EQ(found.dropped_count(), 0);
  EXPECT_EQ(found.pending_count(), 2);
  EXPECT_EQ(found.difference(), 0);
  EXPECT_EQ(found.next_index(), 0);
  Ask("DELETE FROM gatehouse.webhook_exception WHERE state = 2 RETURNING 1");
  EXPECT_EQ(Reconcile().dropped_count(), 1);
  EXPECT_EQ(Reconcile().difference(), 0);
}

TEST_F(ReconcileDeliveriesTest, NamesWhatIsMissing) {
  WriteAttempts(PublishInOrder("order.paid"), 1, std::nullopt);
  const std::string lost = PublishInOrder("order.paid");
  WriteAttempts(PublishInOrder("order.paid"), 1, std::nullopt);
  const v1::ReconcileDeliveriesResponse found = Reconcile();
  EXPECT_EQ(found.matched_count(), 3);
  EXPECT_EQ(found.difference(), 1);
  EXPECT_THAT(found.missing_event_ids(), ElementsAre(lost));
}

TEST_F(ReconcileDeliveriesTest, WhatIsOlderThanTheAttemptsThatAreKeptIsNotMissing) {
  WriteAttempts(PublishInOrder("order.paid"), 1, std::nullopt);
  WriteAttempts(PublishInOrder("order.paid"), 10, DeliveryState::kExhausted);
  PublishInOrder("order.paid");
  ForgetAttempts();
  EXPECT_EQ(Reconcile().pending_count(), 1);
  const std::string lost = PublishInOrder("order.paid");
  WriteAttempts(PublishInOrder("order.paid"), 1, std::nullopt);
  const v1::ReconcileDeliveriesResponse found = Reconcile();
  EXPECT_EQ(found.matched_count(), 5);
  EXPECT_EQ(found.delivered_count(), 1);
  EXPECT_EQ(found.exhausted_count(), 1);
  EXPECT_EQ(found.no_longer_known_count(), 2);
  EXPECT_EQ(found.difference(), 1);
  EXPECT_THAT(found.missing_event_ids(), ElementsAre(lost));
}

TEST_F(ReconcileDeliveriesTest, LooksAtAStretchByIndexOrTime) {
  const std::string first = PublishInOrder("order.paid");
  const base::Time second_time = clock().Now() + std::chrono::seconds(1);
  const std::string second = PublishInOrder("order.paid");
  const std::string third = PublishInOrder("order.paid");
  EXPECT_EQ(Reconcile().matched_count(), 3);
  request_.set_from_index(std::stoll(IndexOf(second)));
  EXPECT_EQ(Reconcile().matched_count(), 2);
  request_.set_to_index(std::stoll(IndexOf(second)));
  v1::ReconcileDeliveriesResponse found = Reconcile();
  EXPECT_EQ(found.matched_count(), 1);
  EXPECT_EQ(found.from_index(), request_.from_index());
  EXPECT_EQ(found.to_index(), request_.to_index());
  const int64_t seconds = second_time.time_since_epoch() / std::chrono::seconds(1);
  request_.mutable_from_time()->set_seconds(seconds);
  EXPECT_EQ(Call().reason(), "INVALID_FIELD");
  request_.clear_from_index();
  request_.clear_to_index();
  EXPECT_EQ(Reconcile().matched_count(), 2);
  request_.mutable_to_time()->set_seconds(seconds + 1);
  EXPECT_EQ(Reconcile().matched_count(), 1);
  request_.mutable_from_time()->set_seconds(seconds + 100);
  request_.clear_to_time();
  found = Reconcile();
  EXPECT_EQ(found.matched_count(), 0);
  EXPECT_LT(found.to_index(), found.from_index());
}

// What is before the endpoint is not its own.
TEST_F(ReconcileDeliveriesTest, BeginsAfterTheEndpoint) {
  PublishInOrder("order.paid");
  CreateOwnEndpoint();
  request_.set_endpoint_id(endpoint_id());
  PublishInOrder("order.paid");
  request_.set_from_index(1);
  EXPECT_EQ(Reconcile().matched_count(), 1);
}

TEST_F(ReconcileDeliveriesTest, ACallLooksAtABoundedStretch) {
  Ask("INSERT INTO gatehouse.event_order SELECT tenant_id, index + n, "
      "gen_random_uuid(), 'order.paid', '', 1, now(), now(), '' FROM gatehouse.event_order, "
      "generate_series(1, 10500) AS n WHERE index = (SELECT max(index) FROM gatehouse.event_order) "
      "RETURNING 1");
  Ask("UPDATE gatehouse.event_log_head SET size = (SELECT max(index) FROM gatehouse.event_order) "
      "RETURNING 1");
  const v1::ReconcileDeliveriesResponse page = Reconcile();
  EXPECT_EQ(page.matched_count(), 10'000);
  EXPECT_EQ(page.pending_count(), 10'000);
  EXPECT_EQ(page.next_index(), page.to_index() + 1);
  request_.set_from_index(page.next_index());
  const v1::ReconcileDeliveriesResponse rest = Reconcile();
  EXPECT_EQ(rest.matched_count(), 500);
  EXPECT_EQ(rest.next_index(), 0);
  // Passed, and nothing known of them.
  Ask("UPDATE gatehouse.endpoint_delivery SET position = 1000000 RETURNING 1");
  request_.clear_from_index();
  EXPECT_EQ(Reconcile().difference(), 10'000);
  EXPECT_EQ(Reconcile().missing_event_ids_size(), 1'000);
}

TEST_F(ReconcileDeliveriesTest, RefusesWhatIsNotThereOrWrong) {
  request_.set_from_index(-1);
  EXPECT_EQ(Call().reason(), "INVALID_FIELD");
  request_.clear_from_index();
  const Caller foreign = backend().MakeApiKey({"endpoints.read"}, Uuid::MakeV7(clock().Now()));
  EXPECT_EQ(WrittenDeliveries::Call<v1::ReconcileDeliveriesResponse>(foreign, request_).reason(),
            "ENDPOINT_NOT_FOUND");
}

}  // namespace
}  // namespace gatehouse::tests
