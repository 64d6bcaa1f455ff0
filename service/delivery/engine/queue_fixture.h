#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_FIXTURE_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/manual_clock.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/presence.h"
#include "service/delivery/engine/queue_map.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::service::delivery {

// Queues of endpoints that no database knows.
class QueueFixture : public ::testing::Test {
 protected:
  ~QueueFixture() override { StopTasks(); }
  // For the destructor of a test whose own parts are used by tasks.
  void StopTasks() {
    if (!std::exchange(stopped_, true)) tasks_.StopAndJoin();
  }

  base::Uuid NewId() { return base::Uuid::MakeV7(clock_.Now()); }
  storage::EndpointKey NewKey(const base::Uuid& tenant_id = base::kDefaultTenantId) {
    return {.tenant_id = tenant_id, .endpoint_id = NewId()};
  }
  // Leased for long, with nothing to do.
  QueuePtr MakeQueue(const storage::EndpointKey& key, int max_in_flight = 100, int64_t fence = 1) {
    auto queue = std::make_shared<LeasedQueue>(storage::DeliveryLease{.key = key, .fence = fence},
                                               max_in_flight, clock_.Now());
    queue->lease_until = std::chrono::steady_clock::now() + std::chrono::hours(1);
    return queue;
  }

  std::vector<DeliveryItem> MakeItems(int64_t from, int64_t to) {
    std::vector<DeliveryItem> items;
    for (int64_t index = from; index <= to; ++index) {
      items.push_back({.index = index,
                       .event_id = NewId(),
                       .type = "order.paid",
                       .body = std::make_shared<const std::string>("body")});
    }
    return items;
  }

  // On the loop, with what it posts in turn.
  void OnLoop(const std::function<void()>& fn) {
    runner_.RunPlain(fn);
    AwaitPosted();
  }
  // What a function on the loop posts comes after what others post until that function has
  // returned: the second time around it has.
  void AwaitPosted() {
    runner_.RunPlain([] {});
    runner_.RunPlain([] {});
  }

  base::ManualClock clock_{base::TimeFromMicros(1'800'000'000'000'000)};
  tests::LoopRunner runner_;
  EngineTasks tasks_{runner_.loop()};
  QueueMap queues_;
  // What comes of the withdrawal of a presence that was lost.
  std::function<base::Task<absl::Status>(int64_t lock_key)> withdraw_ = [](int64_t) {
    return Fail();
  };
  Presence presence_{
      {.tasks = tasks_, .withdraw = [this](int64_t lock_key) { return withdraw_(lock_key); }}};

 private:
  static base::Task<absl::Status> Fail() { co_return absl::UnavailableError("down"); }

  bool stopped_ = false;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_FIXTURE_H_
