#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gatehouse/v1/webhook.pb.h"
#include "storage/delivery/delivery_store.h"
#include "tests/integration/webhook/replay_fixture.h"

namespace gatehouse::tests {
namespace {

using storage::DeliveryState;

// One event of each outcome, one of a type that the endpoint does not want, one that is pending.
class ReplayOutcomesTest : public ReplayFixture {
 protected:
  void SetUp() override {
    ReplayFixture::SetUp();
    const std::string exhausted = Publish("order.paid");
    const std::string dropped = Publish("order.paid");
    const std::string retrying = Publish("order.paid");
    never_sent_ = Publish("order.sent");
    Publish("invoice.sent");
    const std::string succeeded = Publish("order.paid");
    Sequence();
    WriteAttempts(exhausted, 10, DeliveryState::kExhausted);
    WriteAttempts(dropped, 2, DeliveryState::kExhausted);
    Ask("DELETE FROM gatehouse.webhook_exception WHERE event_id = '" + dropped + "' RETURNING 1");
    WriteAttempts(retrying, 1, DeliveryState::kRetrying);
    WriteAttempts(succeeded, 1, std::nullopt);
    Publish("order.paid");
    Sequence();
  }

  std::string never_sent_;
};

TEST_F(ReplayOutcomesTest, SendsWhatHasNotArrivedAndDoesNotComeByItself) {
  const v1::Replay counted = DryRun();
  EXPECT_EQ(counted.id(), "");
  EXPECT_EQ(counted.matched_count(), 6);
  EXPECT_EQ(counted.scheduled_count(), 3);
  EXPECT_EQ(counted.skipped_count(), 3);
  EXPECT_EQ(counted.scanned_count(), 7);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_replay"), "0");
  EXPECT_EQ(Ask(kBegun), "0");

  const v1::Replay started = Start();
  EXPECT_EQ(started.state(), v1::REPLAY_STATE_PENDING);
  EXPECT_EQ(started.max_events_per_second(), 50);
  EXPECT_EQ(started.scheduled_count(), 0);
  EXPECT_THAT(started.outcomes(),
              testing::ElementsAre(v1::DELIVERY_OUTCOME_EXHAUSTED, v1::DELIVERY_OUTCOME_DROPPED,
                                   v1::DELIVERY_OUTCOME_NEVER_SENT));
  EXPECT_EQ(
      Ask("SELECT (e.targets->0->>'id') || ' ' || (e.targets->1->>'id') FROM gatehouse.event e "
          "JOIN gatehouse.webhook_replay r ON e.xid = r.xmin::text::xid8 "
          "WHERE e.type = 'webhook.replay_started'"),
      endpoint_id() + " " + started.id());
  Turn();
  const v1::Replay done = Get(started.id());
  EXPECT_EQ(done.state(), v1::REPLAY_STATE_SUCCEEDED);
  EXPECT_EQ(done.matched_count(), counted.matched_count());
  EXPECT_EQ(done.scheduled_count(), counted.scheduled_count());
  EXPECT_EQ(done.skipped_count(), counted.skipped_count());
  EXPECT_EQ(done.scanned_count(), counted.scanned_count());
  EXPECT_EQ(done.position(), done.to_index());
  EXPECT_TRUE(done.has_start_time());
  EXPECT_TRUE(done.has_end_time());
  EXPECT_EQ(Ask(kBegun), "3");
  // One of the three was an exception before; one that was there before is retried as well.
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_exception"), "4");
  EXPECT_EQ(Ask("SELECT retrying_count FROM gatehouse.endpoint_delivery"), "4");
  EXPECT_EQ(Ask("SELECT e.xid = x.xmin::text::xid8 FROM gatehouse.event e, "
                "gatehouse.webhook_exception x WHERE e.type = 'webhook.events_replayed' "
                "AND x.event_id = '" +
                never_sent_ + "'"),
            "t");
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'webhook.replay_finished'"),
            "{\"scheduled\": 3}");
  // Nothing is left to do: it is all on its way.
  EXPECT_EQ(DryRun().scheduled_count(), 0);
}

TEST_F(ReplayOutcomesTest, OnlyWhatWasAskedFor) {
  const auto scheduled = [this](std::vector<v1::DeliveryOutcome> outcomes,
                                const std::vector<std::string>& types) {
    request_.mutable_outcomes()->Assign(outcomes.begin(), outcomes.end());
    request_.mutable_event_types()->Assign(types.begin(), types.end());
    return DryRun().scheduled_count();
  };
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_SUCCEEDED}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_RETRYING}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_EXHAUSTED}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_DROPPED}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_SUCCEEDED, v1::DELIVERY_OUTCOME_RETRYING}, {}), 2);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {"order.sent"}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {"order.paid"}), 0);
  // The endpoint does not want them.
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {"invoice.*"}), 0);
  // Its payload is no longer kept.
  Ask("DELETE FROM gatehouse.event WHERE event_id = '" + never_sent_ + "' RETURNING 1");
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {}), 0);
  EXPECT_EQ(DryRun().matched_count(), 6);
}

TEST_F(ReplayOutcomesTest, WhatMayHaveArrivedLongAgoIsSentOnlyIfThatWasAskedFor) {
  ForgetAttempts();
  // By their rows: one is exhausted, one retrying.
  EXPECT_EQ(DryRun().scheduled_count(), 1);
  EXPECT_EQ(DryRun().matched_count(), 6);
  request_.add_outcomes(v1::DELIVERY_OUTCOME_NO_LONGER_KNOWN);
  EXPECT_EQ(DryRun().scheduled_count(), 3);
  Start();
  Turn();
  EXPECT_EQ(Ask(kBegun), "3");
  // An endpoint that is younger than what is kept was never sent them.
  request_.clear_outcomes();
  CreateOwnEndpoint();
  request_.set_endpoint_id(endpoint_id());
  request_.set_from_index(1);
  EXPECT_EQ(DryRun().scheduled_count(), 6);
}

TEST_F(ReplayOutcomesTest, OnlyFromWhereToWhereWasAskedFor) {
  const int64_t index = std::stoll(IndexOf(never_sent_));
  request_.set_from_index(index);
  request_.set_to_index(index);
  EXPECT_EQ(DryRun().scheduled_count(), 1);
  EXPECT_EQ(DryRun().scanned_count(), 1);
  request_.set_from_index(index + 1);
  request_.clear_to_index();
  EXPECT_EQ(DryRun().scheduled_count(), 0);
  request_.set_from_index(1'000'000);
  EXPECT_EQ(DryRun().scanned_count(), 0);
  EXPECT_EQ(DryRun().to_index(), DryRun().from_index() - 1);
  request_.clear_from_index();
  request_.mutable_to_time()->set_seconds(1);
  EXPECT_EQ(DryRun().scanned_count(), 0);
  // From the beginning of the log on, before there was the endpoint.
  request_.clear_to_time();
  request_.set_from_index(1);
  EXPECT_GT(DryRun().scanned_count(), 7);
  // With nothing to do it ends at once.
  request_.set_from_index(1'000'000);
  const std::string id = Start().id();
  Turn();
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace gatehouse::tests
