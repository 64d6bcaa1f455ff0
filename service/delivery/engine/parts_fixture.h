#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_PARTS_FIXTURE_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_PARTS_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "base/uuid.h"
#include "service/delivery/engine/dispatcher.h"
#include "service/delivery/engine/engine_parts.h"
#include "service/delivery/engine/queue_map.h"
#include "storage/delivery/delivery.h"
#include "storage/endpoint/endpoint.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {

// The parts of an engine on a real Postgres, none of which runs by itself. Nothing is sent, so
// that what queues were given can be seen in them; tests take it out.
class PartsFixture : public EngineFixture {
 protected:
  PartsFixture() { MakeParts(std::chrono::hours(1)); }
  ~PartsFixture() override { parts_->tasks.StopAndJoin(); }

  // In the place of those there are, as another life of the same instance.
  void MakeParts(std::chrono::milliseconds idle_time) {
    if (parts_) parts_->tasks.StopAndJoin();
    parts_ = std::make_unique<EngineParts>(
        runner_.loop(),
        EngineParts::Deps{.endpoints = storage_->endpoints,
                          .deliveries = storage_->deliveries,
                          .log = storage_->log,
                          .feed = storage_->feed,
                          .clock = clock_,
                          .send = [](HttpRequest, Dispatcher::DoneFn) { ADD_FAILURE(); }},
        EngineParts::Options{.instance_id = instance_,
                             .lease = kPatience,
                             .flush_interval = kPatience,
                             .idle_time = idle_time,
                             .limits = {.in_flight = 0, .in_flight_per_tenant = 0}});
  }

  // make() -> Task<absl::Status>, on the loop, and what that begins.
  template <typename Fn>
  void Do(Fn make) {
    ASSERT_THAT(runner_.Run<absl::Status>(make), tests::IsOk());
    AwaitIdle();
  }
  // fn(), a plain function, on the loop, and what that begins.
  template <typename Fn>
  void OnLoop(Fn fn) {
    runner_.RunPlain(fn);
    AwaitIdle();
  }
  void AwaitIdle() {
    runner_.Run<bool>([this] { return Idle(); });
  }

  // Matches all that is committed and leases endpoints that have work.
  void Follow() {
    Sequence();
    Do([this] { return parts_->matcher.Poll(); });
  }
  void FlushAll() {
    Do([this] { return parts_->flusher.Flush(); });
  }

  static storage::EndpointKey KeyOf(const storage::Endpoint& endpoint) {
    return {.tenant_id = endpoint.tenant_id, .endpoint_id = endpoint.id};
  }
  // Null if it is not leased.
  QueuePtr QueueOf(const storage::Endpoint& endpoint) {
    QueuePtr queue;
    runner_.RunPlain([&] { queue = parts_->queues.Find(KeyOf(endpoint)); });
    return queue;
  }
  // As if all that the queue has ready had been sent and answered like this.
  void Settle(const QueuePtr& queue, const HttpResult& result = {.status_code = 200}) {
    OnLoop([&] {
      while (const auto item = queue->delivery.Take(clock_.Now(), true)) {
        queue->delivery.OnResult(*item, result, clock_.Now(), clock_.Now(), 0);
        parts_->flusher.AddResult(queue, result.body.size());
      }
    });
  }

  const base::Uuid instance_ = base::Uuid::MakeV7(clock_.Now());
  std::unique_ptr<EngineParts> parts_;

 private:
  base::Task<bool> Idle() {
    co_await parts_->tasks.AwaitIdle();
    co_return true;
  }
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_PARTS_FIXTURE_H_
