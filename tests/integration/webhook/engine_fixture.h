#ifndef GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_ENGINE_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_ENGINE_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/manual_clock.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/webhook_engine.h"
#include "service/main/area/storage_area.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/event_log/event_store.h"
#include "storage/event_log/sequencer.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/http/http_receiver.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/patient_database.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {

// A log, endpoints and engines on a real Postgres, stepped by hand.
class EngineFixture : public ::testing::Test {
 protected:
  using HttpReceiver = tests::HttpReceiver;

  // Longer than any wait in a test that passes.
  static constexpr std::chrono::milliseconds kPatience{60'000};

  EngineFixture()
      : dsn_(tests::CreateMigratedDatabase()),
        storage_(*StorageArea::Open(tests::PatientConfig(dsn_), "secret", {&runner_.loop()})) {}

  ~EngineFixture() override { storage_->Close(); }

  // fn(context) -> Task<T>, on the loop.
  template <typename Fn>
  auto Run(Fn fn) {
    using T = typename TaskValue<decltype(fn(runner_.Context()))>::type;
    return runner_.Run<T>([&] { return fn(runner_.Context()); });
  }

  // Without Stop: as a kill leaves things.
  struct Killer {
    void operator()(WebhookEngine* engine) const {
      engine->Abort();
      delete engine;
    }
  };
  using EnginePtr = std::unique_ptr<WebhookEngine, Killer>;

  EnginePtr MakeEngine(EngineOptions options = {}) {
    if (options.instance_id.is_nil()) options.instance_id = base::Uuid::MakeV7(clock_.Now());
    options.http.guard = *AddressGuard::Make({"127.0.0.0/8"});
    // What must not depend on how fast the machine is.
    options.http.connect_timeout = kPatience;
    if (options.lease == EngineOptions().lease) options.lease = kPatience;
    return MakeGuardedEngine(std::move(options));
  }
  EnginePtr MakeGuardedEngine(EngineOptions options) {
    WebhookEngine* engine = nullptr;
    runner_.RunPlain([&] {
      engine = new WebhookEngine(runner_.loop(),
                                 {.endpoints = storage_->endpoints,
                                  .deliveries = storage_->deliveries,
                                  .log = storage_->log,
                                  .feed = storage_->feed,
                                  .clock = clock_},
                                 options);
    });
    return EnginePtr(engine);
  }

  storage::Event MakeEvent(std::string type, std::string details = "{}") {
    return {.tenant_id = base::kDefaultTenantId,
            .id = base::Uuid::MakeV7(clock_.Now()),
            .type = std::move(type),
            .actor = {.type = "user", .id = "u", .label = "u"},
            .details_json = std::move(details),
            .occurred_time = clock_.Now(),
            .recorded_time = clock_.Now()};
  }

  storage::Endpoint CreateEndpoint(std::string url, std::vector<std::string> patterns = {"*"},
                                   int max_in_flight = 4) {
    storage::Endpoint endpoint{.tenant_id = base::kDefaultTenantId,
                               .id = base::Uuid::MakeV7(clock_.Now()),
                               .url = std::move(url),
                               .event_types = std::move(patterns),
                               .headers = {{"x-token", "header-secret"}},
                               .secrets = {{.key = "signing-secret-of-24-byte"}},
                               .timeout = kPatience,
                               .max_in_flight = max_in_flight,
                               .create_time = clock_.Now(),
                               .update_time = clock_.Now()};
    const storage::Event created = MakeEvent("endpoint.created");
    EXPECT_THAT(Run([&](auto ctx) {
                  return storage_->endpoints.Create(ctx, endpoint, {.events = {created}});
                }),
                tests::IsOk());
    return endpoint;
  }

  storage::EndpointWithHealth Get(const storage::Endpoint& endpoint) {
    return **Run([&](auto ctx) {
      return storage_->endpoints.Get(ctx, base::kDefaultTenantId, endpoint.id);
    });
  }

  // Writes `change` over the endpoint as it is stored, with its event.
  template <typename Fn>
  void Update(const storage::Endpoint& endpoint, Fn change,
              std::string event_type = "endpoint.updated") {
    storage::Endpoint current = Get(endpoint).endpoint;
    const bool was_enabled = current.state == storage::EndpointState::kEnabled;
    change(current);
    const bool resume = !was_enabled && current.state == storage::EndpointState::kEnabled;
    const storage::Event event = MakeEvent(std::move(event_type));
    ASSERT_THAT(Run([&](auto ctx) {
                  return storage_->endpoints.Update(ctx, current, {.resume = resume},
                                                    {.events = {event}});
                }),
                tests::IsOk());
  }

  base::Uuid Publish(std::string type = "order.paid", std::string details = "{\"n\": 1}") {
    const storage::Event event = MakeEvent(std::move(type), std::move(details));
    EXPECT_THAT(Run([&](auto ctx) { return storage_->events.Append(ctx, event); }), tests::IsOk());
    return event.id;
  }

  // Orders everything that is committed.
  void Sequence() {
    for (;;) {
      absl::StatusOr<storage::SequencerPass> pass =
          Run([&](auto ctx) { return storage_->sequencer.RunPass(ctx, 1000); });
      ASSERT_THAT(pass, tests::IsOk());
      const bool done = !pass->more && pass->batches.empty();
      storage_->feed.Publish(std::move(pass->batches));
      if (done) return;
    }
  }

  void Deliver(const EnginePtr& engine) {
    Sequence();
    ASSERT_THAT(Run([&](auto) { return engine->Deliver(); }), tests::IsOk());
  }
  void Flush(const EnginePtr& engine) {
    ASSERT_THAT(Run([&](auto) { return engine->Flush(); }), tests::IsOk());
  }
  // All there is to do now, written.
  void Step(const EnginePtr& engine) {
    Deliver(engine);
    Flush(engine);
    // Written events of the engine's own, exceptions that were not readable before.
    Deliver(engine);
    Flush(engine);
  }

  void AnswerWith(int status) {
    receiver_.SetHandler([status](const auto&) { return HttpReceiver::Answer{.status = status}; });
  }
  static std::vector<std::string> ReceivedIds(const HttpReceiver& receiver) {
    std::vector<std::string> ids;
    for (const auto& request : receiver.requests()) ids.push_back(request.headers.at("webhook-id"));
    return ids;
  }

  std::vector<storage::Delivery> List(const storage::Endpoint& endpoint,
                                      std::optional<storage::DeliveryState> state = {}) {
    return **Run([&](auto ctx) {
      return storage_->deliveries.ListDeliveries(
          ctx, {.key = {base::kDefaultTenantId, endpoint.id}, .state = state, .limit = 1000});
    });
  }

  template <typename T>
  struct TaskValue;
  template <typename T>
  struct TaskValue<base::Task<T>> {
    using type = T;
  };

  base::ManualClock clock_{base::TimeFromMicros(1'800'000'000'000'000)};
  tests::LoopRunner runner_;
  std::string dsn_;
  std::unique_ptr<StorageArea> storage_;
  HttpReceiver receiver_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_ENGINE_FIXTURE_H_
