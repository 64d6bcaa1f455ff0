#ifndef GATEHOUSE_STORAGE_DELIVERY_DELIVERY_FIXTURE_H_
#define GATEHOUSE_STORAGE_DELIVERY_DELIVERY_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/postgres/client/database.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/patient_database.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::storage {

inline const base::Uuid kTenant = base::kDefaultTenantId;
inline const base::Time kNow = base::TimeFromMicros(1'800'000'000'000'000);
inline constexpr std::chrono::milliseconds kLease{60'000};

// Endpoints, and what delivers to them, on a real Postgres.
class DeliveryFixture : public ::testing::Test {
 protected:
  DeliveryFixture()
      : dsn_(tests::CreateMigratedDatabase()),
        database_(*postgres::Database::Open(tests::PatientConfig(dsn_), {&runner_.loop()})),
        endpoints_(*database_, "secret"),
        store_(*database_) {}
  ~DeliveryFixture() override { database_->Close(); }

  // fn(context) -> Task<T>, on the loop.
  template <typename Fn>
  auto Run(Fn fn) {
    using T = typename TaskValue<decltype(fn(runner_.Context()))>::type;
    return runner_.Run<T>([&] { return fn(runner_.Context()); });
  }

  Event MakeCreated() {
    return {.tenant_id = kTenant,
            .id = base::Uuid::MakeV7(kNow),
            .type = "endpoint.created",
            .occurred_time = kNow,
            .recorded_time = kNow};
  }

  // An endpoint that fan-out knows, with nothing to do up to index `at`.
  EndpointKey MakeEndpoint(int64_t at = 0) {
    Endpoint endpoint{.tenant_id = kTenant,
                      .id = base::Uuid::MakeV7(kNow),
                      .url = "https://example.com/",
                      .event_types = {"*"},
                      .headers = {{"authorization", "Bearer hidden"}},
                      .secrets = {{.key = "key-one"}},
                      .create_time = kNow,
                      .update_time = kNow};
    const Event created = MakeCreated();
    EXPECT_THAT(
        Run([&](auto ctx) { return endpoints_.Create(ctx, endpoint, {.events = {created}}); }),
        tests::IsOk());
    EXPECT_THAT(
        Advance(0, at, {{.endpoint_id = endpoint.id, .first_index = {}, .created_index = at}}),
        tests::IsOk());
    return {kTenant, endpoint.id};
  }

  absl::StatusOr<int64_t> Advance(int64_t from, int64_t to,
                                  std::vector<DeliveryStore::Mark> marks) {
    return Run([&](auto ctx) { return store_.AdvanceFanout(ctx, kTenant, from, to, marks); });
  }

  std::vector<DeliveryLease> Lease(base::Uuid owner, EndpointKey key, int64_t first,
                                   std::chrono::milliseconds length = kLease) {
    return *Run([&](auto ctx) { return store_.Lease(ctx, owner, length, {{key, first}}); });
  }
  std::vector<DeliveryLease> LeaseDue(base::Uuid owner, std::vector<EndpointKey> held = {},
                                      std::chrono::milliseconds length = kLease,
                                      base::Time now = kNow) {
    return *Run([&](auto ctx) { return store_.LeaseDue(ctx, owner, length, now, held, 100); });
  }
  int64_t FreeGone(base::Uuid owner) {
    return *Run([&](auto ctx) { return store_.FreeGone(ctx, owner); });
  }
  FlushOutcome FlushAll(base::Uuid owner, DeliveryFlush flush,
                        std::chrono::milliseconds length = kLease) {
    return *Run([&](auto ctx) { return store_.Flush(ctx, owner, length, flush); });
  }
  // The endpoints whose fences counted.
  std::vector<EndpointKey> Flush(base::Uuid owner, DeliveryFlush flush,
                                 std::chrono::milliseconds length = kLease) {
    return FlushAll(owner, std::move(flush), length).live;
  }
  void Redeliver(EndpointKey key, int64_t index, base::Time due) {
    const Event event = MakeCreated();
    EXPECT_THAT(Run([&](auto ctx) {
                  return store_.Redeliver(ctx, Exception(key, index, 0, due), {.events = {event}});
                }),
                tests::IsOk());
  }
  EndpointWithHealth Get(EndpointKey key) {
    return **Run([&](auto ctx) { return endpoints_.Get(ctx, kTenant, key.endpoint_id); });
  }
  std::vector<Delivery> List(EndpointKey key, std::optional<DeliveryState> state = {},
                             std::optional<int64_t> before = {}, int64_t limit = 100) {
    return **Run([&](auto ctx) {
      return store_.ListDeliveries(ctx,
                                   {.key = key, .state = state, .before = before, .limit = limit});
    });
  }

  static AttemptRecord Attempt(EndpointKey key, int64_t index, std::string error_class = "") {
    return {.key = key,
            .event_index = index,
            .attempt_id = base::Uuid::MakeV7(kNow),
            .event_id = base::Uuid::MakeV7(kNow),
            .event_type = "order.paid",
            .start_time = kNow,
            .latency = std::chrono::milliseconds(3),
            .status_code = error_class.empty() ? 200 : 500,
            .error_class = error_class,
            .response_head = "body"};
  }
  static ExceptionRecord Exception(EndpointKey key, int64_t index, int attempts, base::Time due,
                                   DeliveryState state = DeliveryState::kRetrying) {
    return {.key = key,
            .event_index = index,
            .event_id = base::Uuid::MakeV7(kNow),
            .event_type = "order.paid",
            .attempts = attempts,
            .due = due,
            .state = state};
  }

  template <typename T>
  struct TaskValue;
  template <typename T>
  struct TaskValue<base::Task<T>> {
    using type = T;
  };

  tests::LoopRunner runner_;
  std::string dsn_;
  std::unique_ptr<postgres::Database> database_;
  EndpointStore endpoints_;
  DeliveryStore store_;
  const base::Uuid me_ = base::Uuid::MakeV7(kNow);
  const base::Uuid other_ = base::Uuid::MakeV7(kNow);
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_DELIVERY_DELIVERY_FIXTURE_H_
