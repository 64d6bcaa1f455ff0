#include "storage/delivery/delivery_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "storage/delivery/delivery_fixture.h"
#include "storage/delivery/queries/delivery_queries.h"
#include "storage/postgres/admin/connection.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::storage {
namespace {

using base::Uuid;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using tests::IsOk;

using DeliveryStoreTest = DeliveryFixture;

TEST_F(DeliveryStoreTest, FanoutMarksEndpointsBehindWhereTheirWorkBegins) {
  const EndpointKey key = MakeEndpoint();
  EXPECT_THAT(LeaseDue(me_), IsEmpty());
  EXPECT_EQ(*Advance(0, 10, {{.endpoint_id = key.endpoint_id, .first_index = 7}}), 10);
  EXPECT_EQ(Get(key).health.position, 6);
  // Behind already: a later match does not move it.
  EXPECT_EQ(*Advance(10, 20, {{.endpoint_id = key.endpoint_id, .first_index = 15}}), 20);
  EXPECT_EQ(Get(key).health.position, 6);
  const std::vector<DeliveryLease> leases = LeaseDue(me_);
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_EQ(leases[0].position, 6);
}

TEST_F(DeliveryStoreTest, FanoutNeverGoesBackAndRefusesAGap) {
  MakeEndpoint();
  EXPECT_EQ(*Advance(0, 10, {}), 10);
  EXPECT_EQ(*Advance(3, 8, {}), 10);
  EXPECT_EQ(*Advance(11, 20, {}), 10);
}

TEST_F(DeliveryStoreTest, AnEndpointOfWhichFanoutHasNotSeenTheCreationIsNotLeased) {
  Endpoint endpoint{.tenant_id = kTenant,
                    .id = Uuid::MakeV7(kNow),
                    .url = "https://example.com/",
                    .event_types = {"*"},
                    .secrets = {{.key = "k"}},
                    .create_time = kNow,
                    .update_time = kNow};
  const Event created = MakeCreated();
  ASSERT_THAT(
      Run([&](auto ctx) { return endpoints_.Create(ctx, endpoint, {.events = {created}}); }),
      IsOk());
  EXPECT_THAT(Lease(me_, {kTenant, endpoint.id}, 1), IsEmpty());
  ASSERT_THAT(Advance(0, 9, {{.endpoint_id = endpoint.id, .first_index = {}, .created_index = 5}}),
              IsOk());
  ASSERT_EQ(Lease(me_, {kTenant, endpoint.id}, 6).size(), 1u);
  EXPECT_EQ(Get({kTenant, endpoint.id}).health.position, 5);
}

TEST_F(DeliveryStoreTest, OnlyOneDelivererHoldsAnEndpoint) {
  const EndpointKey key = MakeEndpoint();
  ASSERT_EQ(Lease(me_, key, 1).size(), 1u);
  EXPECT_THAT(Lease(other_, key, 1), IsEmpty());
  EXPECT_THAT(LeaseDue(other_), IsEmpty());
  EXPECT_THAT(LeaseDue(me_, {key}), IsEmpty());
}

TEST_F(DeliveryStoreTest, ALeaseThatEndedIsTakenOverAndTheZombieWritesNothing) {
  const EndpointKey key = MakeEndpoint();
  const DeliveryLease mine = Lease(me_, key, 1, milliseconds(-1)).at(0);
  const DeliveryLease theirs = LeaseDue(other_).at(0);
  EXPECT_EQ(theirs.fence, mine.fence + 1);
  EXPECT_THAT(Flush(me_, {.progress = {{.key = key, .fence = mine.fence, .position = 50}},
                          .attempts = {Attempt(key, 50)},
                          .exceptions = {Exception(key, 49, 1, kNow)}}),
              IsEmpty());
  EXPECT_EQ(Get(key).health.position, 0);
  EXPECT_THAT(List(key), IsEmpty());
  EXPECT_EQ(tests::AskSql(dsn_, "SELECT count(*) FROM gatehouse.webhook_exception"), "0");
  // Nor does it take the lease away by giving back its own.
  ASSERT_THAT(Run([&](auto ctx) {
                return store_.ReleaseLeases(
                    ctx, {{.key = key, .fence = mine.fence, .position = 50, .done = true}});
              }),
              IsOk());
  EXPECT_THAT(Flush(other_, {.progress = {{.key = key, .fence = theirs.fence, .position = 3}}}),
              ElementsAre(key));
}

// As a LogListener shows an instance.
class Announced {
 public:
  Announced(const std::string& dsn, const Uuid& instance, int64_t lock_key)
      : dsn_(dsn), lock_key_(lock_key), connection_(*Connection::Open(dsn)) {
    EXPECT_THAT(connection_->Query(delivery::queries::kAnnounce.text,
                                   {instance.ToString(), std::to_string(lock_key)}),
                IsOk());
  }
  void Die() {
    connection_.reset();
    // Postgres notices in a moment, and only then gives somebody else the lock.
    tests::ExecuteSql(dsn_, "SELECT pg_advisory_xact_lock(" + std::to_string(lock_key_) + ")");
  }

 private:
  using Connection = postgres::admin::Connection;

  const std::string dsn_;
  const int64_t lock_key_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(DeliveryStoreTest, LeasesEndWithTheConnectionThatShowedTheirOwner) {
  const EndpointKey theirs = MakeEndpoint();
  const EndpointKey mine = MakeEndpoint();
  const int64_t fence = Lease(other_, theirs, 1).at(0).fence;
  ASSERT_EQ(Lease(me_, mine, 1).size(), 1u);
  Announced owner(dsn_, other_, 5);
  Announced me(dsn_, me_, 6);
  EXPECT_EQ(FreeGone(me_), 0);
  EXPECT_THAT(LeaseDue(me_, {mine}), IsEmpty());
  owner.Die();
  me.Die();
  EXPECT_EQ(FreeGone(me_), 1) << "its own are no other's to end";
  EXPECT_EQ(FreeGone(me_), 0);
  const std::vector<DeliveryLease> leases = LeaseDue(me_, {mine});
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_EQ(leases[0].fence, fence + 1);
  EXPECT_THAT(Flush(other_, {.progress = {{.key = theirs, .fence = fence, .position = 9}}}),
              IsEmpty());
}

// Whoever lives nevertheless, and lost its connection alone.
TEST_F(DeliveryStoreTest, WhoIsTakenForDeadGoesOnIfItIsFasterThanOthers) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(other_, key, 1).at(0).fence;
  Announced(dsn_, other_, 5).Die();
  EXPECT_EQ(FreeGone(me_), 1);
  EXPECT_THAT(Flush(other_, {.progress = {{.key = key, .fence = fence, .position = 9}}}),
              ElementsAre(key));
  EXPECT_THAT(LeaseDue(me_), IsEmpty());
}

TEST_F(DeliveryStoreTest, WhoWithdrawsOrShowsItselfAnewIsNotTakenForDead) {
  const EndpointKey key = MakeEndpoint();
  ASSERT_EQ(Lease(other_, key, 1).size(), 1u);
  Announced first(dsn_, other_, 5);
  Announced second(dsn_, other_, 6);
  first.Die();
  EXPECT_EQ(FreeGone(me_), 0);
  EXPECT_THAT(Run([&](auto ctx) { return store_.Withdraw(ctx, other_, 5); }), IsOk());
  EXPECT_EQ(tests::AskSql(dsn_, "SELECT lock_key FROM gatehouse.deliverer"), "6");
  EXPECT_THAT(Run([&](auto ctx) { return store_.Withdraw(ctx, other_, 6); }), IsOk());
  second.Die();
  EXPECT_EQ(FreeGone(me_), 0);
  EXPECT_THAT(LeaseDue(me_), IsEmpty());
}

TEST_F(DeliveryStoreTest, ARestartedInstanceTakesItsOwnLeasesOverAtOnce) {
  const EndpointKey key = MakeEndpoint();
  const DeliveryLease before = Lease(me_, key, 1).at(0);
  const DeliveryLease after = LeaseDue(me_).at(0);
  EXPECT_EQ(after.fence, before.fence + 1);
  EXPECT_THAT(Flush(me_, {.progress = {{.key = key, .fence = before.fence, .position = 50}}}),
              IsEmpty());
}

TEST_F(DeliveryStoreTest, AFlushWritesEverythingOfEachEndpoint) {
  const EndpointKey a = MakeEndpoint();
  const EndpointKey b = MakeEndpoint();
  const int64_t fence_a = Lease(me_, a, 1).at(0).fence;
  const int64_t fence_b = Lease(me_, b, 1).at(0).fence;
  EXPECT_THAT(Flush(me_, {.progress = {{.key = a,
                                        .fence = fence_a,
                                        .position = 12,
                                        .next_due = kNow + seconds(5),
                                        .consecutive_failures = 3,
                                        .breaker_open = true,
                                        .last_success_time = kNow,
                                        .last_failure_time = kNow + seconds(1),
                                        .failing_since = kNow + seconds(1)},
                                       {.key = b, .fence = fence_b, .position = 4}},
                          .attempts = {Attempt(a, 11), Attempt(a, 12, "status"), Attempt(b, 4)},
                          .exceptions = {Exception(a, 12, 1, kNow + seconds(5))}}),
              UnorderedElementsAre(a, b));
  const EndpointHealth health = Get(a).health;
  EXPECT_EQ(health.position, 12);
  EXPECT_EQ(health.retrying_count, 1);
  EXPECT_EQ(health.consecutive_failures, 3);
  EXPECT_TRUE(health.breaker_open);
  EXPECT_EQ(health.last_success_time, kNow);
  EXPECT_EQ(health.last_failure_time, kNow + seconds(1));
  EXPECT_EQ(Get(b).health.position, 4);

  const std::vector<Delivery> deliveries = List(a);
  ASSERT_EQ(deliveries.size(), 2u);
  EXPECT_EQ(deliveries[0].event_index, 12);
  EXPECT_EQ(deliveries[0].state, DeliveryState::kRetrying);
  EXPECT_EQ(deliveries[0].next_attempt_time, kNow + seconds(5));
  EXPECT_EQ(deliveries[0].attempts.at(0).error_class, "status");
  EXPECT_EQ(deliveries[1].state, DeliveryState::kSucceeded);
  EXPECT_EQ(deliveries[1].attempts.at(0).response_head, "body");
}

TEST_F(DeliveryStoreTest, AnExceptionGrowsAndGoes) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 2}},
              .exceptions = {Exception(key, 1, 9, kNow + seconds(9)),
                             Exception(key, 2, 1, kNow + seconds(5))}});
  EXPECT_EQ(Get(key).health.retrying_count, 2);
  auto exceptions = [&](std::vector<int64_t> except) {
    return *Run([&](auto ctx) { return store_.ListExceptions(ctx, key, except, 10); });
  };
  ASSERT_EQ(exceptions({}).size(), 2u);
  EXPECT_EQ(exceptions({})[0].event_index, 2);
  EXPECT_EQ(exceptions({2}).size(), 1u);
  // One fails for good, the other succeeds.
  Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 2}},
              .exceptions = {Exception(key, 1, 10, kNow, DeliveryState::kExhausted)},
              .settled = {Exception(key, 2, 1, kNow)}});
  EXPECT_THAT(exceptions({}), IsEmpty());
  EXPECT_EQ(Get(key).health.retrying_count, 0);
  EXPECT_EQ(List(key, DeliveryState::kExhausted).size(), 1u);
  EXPECT_THAT(List(key, DeliveryState::kRetrying), IsEmpty());
}

TEST_F(DeliveryStoreTest, ARedeliveryBeginsAnewWhateverBecameOfTheEvent) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 3}},
              .attempts = {Attempt(key, 1)},
              .exceptions = {Exception(key, 2, 4, kNow + seconds(900)),
                             Exception(key, 3, 10, kNow, DeliveryState::kExhausted)}});
  EXPECT_EQ(Get(key).health.retrying_count, 1);
  for (const int64_t index : {1, 2, 3}) Redeliver(key, index, kNow + seconds(index));
  EXPECT_EQ(Get(key).health.retrying_count, 3);
  const std::vector<ExceptionRecord> due =
      *Run([&](auto ctx) { return store_.ListExceptions(ctx, key, {}, 10); });
  ASSERT_EQ(due.size(), 3u);
  for (const ExceptionRecord& exception : due) {
    EXPECT_EQ(exception.attempts, 0);
    EXPECT_EQ(exception.due, kNow + seconds(exception.event_index));
  }
  EXPECT_THAT(List(key, DeliveryState::kSucceeded), IsEmpty());
  EXPECT_THAT(List(key, DeliveryState::kExhausted), IsEmpty());
  const Event event = MakeCreated();
  EXPECT_THAT(Run([&](auto ctx) {
                return store_.Redeliver(ctx, Exception({kTenant, Uuid::MakeV7(kNow)}, 1, 0, kNow),
                                        {.events = {event}});
              }),
              tests::FailsWith(absl::StatusCode::kNotFound, base::Reason::kEndpointNotFound));
}

// It was under way, or not written yet, when the event began anew.
TEST_F(DeliveryStoreTest, WhatIsLeftOfAnEarlierScheduleDecidesNothing) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  const DeliveryProgress progress{.key = key, .fence = fence, .position = 2};
  Flush(me_, {.progress = {progress},
              .exceptions = {Exception(key, 1, 1, kNow), Exception(key, 2, 9, kNow)}});
  Redeliver(key, 1, kNow);
  Redeliver(key, 2, kNow);
  const DeliveryFlush late{.progress = {progress},
                           .attempts = {Attempt(key, 1), Attempt(key, 2, "status")},
                           .exceptions = {Exception(key, 2, 10, kNow, DeliveryState::kExhausted)},
                           .settled = {Exception(key, 1, 1, kNow)}};
  Flush(me_, late);
  EXPECT_EQ(List(key, DeliveryState::kRetrying).size(), 2u);
  EXPECT_EQ(Get(key).health.retrying_count, 2);
  // Of the new schedule; each flush takes effect once.
  const DeliveryFlush next{.progress = {progress},
                           .exceptions = {Exception(key, 2, 1, kNow + seconds(5))},
                           .settled = {Exception(key, 1, 0, kNow)}};
  for (int i = 0; i < 2; ++i) {
    Flush(me_, next);
    EXPECT_EQ(List(key, DeliveryState::kRetrying).at(0).next_attempt_time, kNow + seconds(5));
    EXPECT_EQ(Get(key).health.retrying_count, 1);
  }
}

TEST_F(DeliveryStoreTest, ARepeatedFlushCountsAnExceptionOnce) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  for (int i = 0; i < 2; ++i) {
    Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 2}},
                .exceptions = {Exception(key, 1, 1, kNow), Exception(key, 2, 1, kNow)}});
    EXPECT_EQ(Get(key).health.retrying_count, 2);
  }
  for (int i = 0; i < 2; ++i) {
    Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 2}},
                .exceptions = {Exception(key, 1, 2, kNow, DeliveryState::kExhausted)},
                .settled = {Exception(key, 2, 1, kNow)}});
    EXPECT_EQ(Get(key).health.retrying_count, 0);
  }
}

// Its statement began before the exception was there to be seen.
TEST_F(DeliveryStoreTest, WhoGivesBackWhileARedeliveryCommitsLeavesItToBeFound) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 1, .next_due = kNow}}});
  const auto session = *postgres::admin::Connection::Open(dsn_);
  ASSERT_THAT(session->Execute("BEGIN"), IsOk());
  ASSERT_THAT(
      session->Query(delivery::queries::kRedeliver.text,
                     {key.tenant_id.ToString(), key.endpoint_id.ToString(), "1",
                      Uuid::MakeV7(kNow).ToString(), "order.paid", "2027-01-15T08:00:00Z", ""}),
      IsOk());
  auto released = runner_.Start<absl::Status>([&] {
    return store_.ReleaseLeases(runner_.Context(),
                                {{.key = key, .fence = fence, .position = 1, .done = true}});
  });
  while (tests::AskSql(dsn_, "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
    std::this_thread::yield();
  }
  ASSERT_THAT(session->Execute("COMMIT"), IsOk());
  ASSERT_THAT(released.get(), IsOk());
  EXPECT_EQ(LeaseDue(other_).size(), 1u);
}

TEST_F(DeliveryStoreTest, OneDeliveryIsReadByItsEvent) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  AttemptRecord attempt = Attempt(key, 7, "status");
  const auto order = [&](const Uuid& id, int64_t index) {
    tests::ExecuteSql(dsn_, "INSERT INTO gatehouse.event_order VALUES ('" + kTenant.ToString() +
                                "', " + std::to_string(index) + ", '" + id.ToString() +
                                "', 'order.paid', '', 1, now(), now(), '')");
  };
  order(attempt.event_id, 7);
  const auto get = [&](const Uuid& event_id) {
    return *Run([&](auto ctx) { return store_.GetDelivery(ctx, key, event_id); });
  };
  EXPECT_FALSE(get(attempt.event_id).has_value());
  Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 5}},
              .attempts = {attempt, Attempt(key, 6)}});
  // A trial of an open breaker: the event still waits.
  std::optional<Delivery> delivery = get(attempt.event_id);
  ASSERT_TRUE(delivery.has_value());
  EXPECT_EQ(delivery->event_index, 7);
  EXPECT_EQ(delivery->state, DeliveryState::kRetrying);
  EXPECT_FALSE(delivery->next_attempt_time.has_value());
  EXPECT_EQ(delivery->attempts.size(), 1u);
  EXPECT_EQ(delivery->attempts.at(0).response_head, "body");
  // Settled without a success and without an exception.
  Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 7}}});
  EXPECT_EQ(get(attempt.event_id)->state, DeliveryState::kDropped);
  // Never sent so far, and to be sent.
  const Uuid unsent = Uuid::MakeV7(kNow);
  order(unsent, 3);
  ExceptionRecord redelivered = Exception(key, 3, 0, kNow);
  redelivered.event_id = unsent;
  const Event event = MakeCreated();
  ASSERT_THAT(
      Run([&](auto ctx) { return store_.Redeliver(ctx, redelivered, {.events = {event}}); }),
      IsOk());
  delivery = get(unsent);
  ASSERT_TRUE(delivery.has_value());
  EXPECT_EQ(delivery->state, DeliveryState::kRetrying);
  EXPECT_EQ(delivery->next_attempt_time, kNow);
  EXPECT_TRUE(delivery->attempts.empty());
}

TEST_F(DeliveryStoreTest, ReleaseSettlesOnlyWhatHasReachedTheCursor) {
  const EndpointKey key = MakeEndpoint();
  ASSERT_THAT(Advance(0, 10, {{.endpoint_id = key.endpoint_id, .first_index = 1}}), IsOk());
  auto release = [&](int64_t fence, int64_t position, bool done) {
    EXPECT_THAT(Run([&](auto ctx) {
                  return store_.ReleaseLeases(
                      ctx, {{.key = key, .fence = fence, .position = position, .done = done}});
                }),
                IsOk());
  };
  release(LeaseDue(me_).at(0).fence, 9, true);
  // The cursor is at 10, so there may be something at 10.
  DeliveryLease lease = LeaseDue(me_).at(0);
  EXPECT_EQ(lease.position, 9);
  release(lease.fence, 9, false);
  lease = LeaseDue(other_).at(0);
  release(lease.fence, 10, true);
  EXPECT_THAT(LeaseDue(me_), IsEmpty());
  // Anew at the next event.
  ASSERT_THAT(Advance(10, 11, {{.endpoint_id = key.endpoint_id, .first_index = 11}}), IsOk());
  EXPECT_EQ(LeaseDue(me_).at(0).position, 10);
}

TEST_F(DeliveryStoreTest, AReleasedEndpointComesBackWhenAnExceptionIsDue) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 1}},
              .exceptions = {Exception(key, 1, 1, kNow + seconds(5))}});
  ASSERT_THAT(Run([&](auto ctx) {
                return store_.ReleaseLeases(
                    ctx, {{.key = key, .fence = fence, .position = 1, .done = true}});
              }),
              IsOk());
  EXPECT_THAT(LeaseDue(me_), IsEmpty());
  EXPECT_EQ(LeaseDue(me_, {}, kLease, kNow + seconds(5)).at(0).next_due, kNow + seconds(5));
}

TEST_F(DeliveryStoreTest, ListsDeliveriesByPageAndState) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  DeliveryFlush flush{.progress = {{.key = key, .fence = fence, .position = 20}}};
  for (int64_t i = 1; i <= 20; ++i) {
    flush.attempts.push_back(Attempt(key, i, i % 5 == 0 ? "timeout" : ""));
    if (i % 5 == 0) flush.exceptions.push_back(Exception(key, i, 1, kNow));
  }
  // A retry that succeeded: two attempts, no exception.
  flush.attempts.push_back(Attempt(key, 7, ""));
  Flush(me_, flush);
  std::vector<int64_t> seen;
  std::optional<int64_t> before;
  for (;;) {
    const std::vector<Delivery> page = List(key, {}, before, 6);
    if (page.empty()) break;
    for (const Delivery& delivery : page) {
      seen.push_back(delivery.event_index);
      EXPECT_EQ(delivery.attempts.size(), delivery.event_index == 7 ? 2u : 1u);
    }
    before = page.back().event_index;
  }
  EXPECT_EQ(seen.size(), 20u);
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater<>()));
  EXPECT_EQ(List(key, DeliveryState::kSucceeded).size(), 16u);
  EXPECT_EQ(List(key, DeliveryState::kRetrying).size(), 4u);
  const auto none = Run([&](auto ctx) {
    return store_.ListDeliveries(ctx, {.key = {kTenant, Uuid::MakeV7(kNow)}, .limit = 5});
  });
  ASSERT_THAT(none, IsOk());
  EXPECT_FALSE(none->has_value());
}

}  // namespace
}  // namespace gatehouse::storage
