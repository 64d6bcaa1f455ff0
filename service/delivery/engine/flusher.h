#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_FLUSHER_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_FLUSHER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/one_shot.h"
#include "base/async/task.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/queue_map.h"
#include "service/delivery/engine/turnstile.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {

// Writes what queues have settled: which of them have something to write, what was written but
// not confirmed, and how many results wait. Each write renews the leases of its queues; one whose
// fence does not count any more leaves the map.
//
// Thread: the engine's loop; the counters may be read from any.
class Flusher {
 public:
  struct Deps {
    EngineTasks& tasks;
    QueueMap& queues;
    // Writes all of it.
    std::function<base::Task<absl::StatusOr<storage::FlushOutcome>>(storage::DeliveryFlush)> write;
    // What a flush ends with, once all results are written.
    std::function<base::Task<absl::Status>()> mark;
    // Results were written: HasRoom may have become true.
    std::function<void()> on_written;
    // The queue may have something to send, or to read: an ordering key moved on. May be empty.
    std::function<void(const QueuePtr&)> on_released = {};
  };
  struct Options {
    // By how much a write renews a lease.
    std::chrono::milliseconds lease;
    // What is settled is written this much later, together.
    std::chrono::milliseconds interval;
  };

  // Nothing is to be sent while so many results cannot be written: after a kill all of it
  // comes again.
  static constexpr size_t kMaxUnflushed = 20'000;
  // The same in bytes of answers, which are up to 16 KiB each: of memory, and of what one
  // endpoint can make a flush hold.
  static constexpr size_t kMaxUnflushedBytes = size_t{16} << 20;

  Flusher(Deps deps, Options options) : deps_(std::move(deps)), options_(options) {}

  // Flushes whenever there is something to write, until the tasks are cancelled.
  base::Task<void> Run();
  // Writes everything there is, with most of what comes meanwhile, and marks. Several at a time
  // take turns.
  base::Task<absl::Status> Flush();

  // The queue has something to write, or its lease is to be renewed.
  void MarkDirty(const QueuePtr& queue);
  // It has the result of an attempt to write, with so many bytes of an answer.
  void AddResult(const QueuePtr& queue, size_t bytes);
  // There is something to mark.
  void Wake() { wanted_.Set(true); }

  bool HasRoom() const {
    return unflushed_ < kMaxUnflushed && unflushed_bytes_ < kMaxUnflushedBytes;
  }
  // A flush is under way: what queues gave to it may be in the database or not.
  bool busy() const { return turn_.busy(); }

  uint64_t flushes() const { return flushes_; }
  uint64_t leases_lost() const { return leases_lost_; }
  // Results that are not written yet.
  size_t unflushed() const { return unflushed_; }

 private:
  base::Task<absl::Status> WriteNext();
  base::Task<absl::Status> Write(storage::DeliveryFlush flush);
  base::Task<absl::Status> WriteByEndpoint();
  void Release(const storage::DeliveryFlush& flush, const storage::FlushOutcome& outcome);
  void Drop(const storage::EndpointKey& key);

  Deps deps_;
  Options options_;
  std::set<storage::EndpointKey> dirty_;
  // Those of them that the flush under way has still to write.
  std::set<storage::EndpointKey> writing_;
  // Written but not confirmed: to be written again before anything else.
  storage::DeliveryFlush unconfirmed_;
  // How often the database has refused it.
  int refusals_ = 0;
  // What is written again must be written in order.
  Turnstile turn_;
  // Something is to be written; it is so much that it must not wait.
  base::OneShot<bool> wanted_;
  base::OneShot<bool> now_;
  std::atomic<size_t> unflushed_ = 0;
  size_t unflushed_bytes_ = 0;
  std::atomic<uint64_t> flushes_ = 0;
  std::atomic<uint64_t> leases_lost_ = 0;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_FLUSHER_H_
