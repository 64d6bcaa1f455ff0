#include "storage/delivery/flush_rows.h"

#include <cstdint>
#include <map>

#include "storage/delivery/columns.h"

namespace gatehouse::storage {
namespace {

using postgres::Bytes;
using postgres::Params;

// Where a key stands in DeliveryFlush::progress, from 1.
class Slots {
 public:
  explicit Slots(const std::vector<DeliveryProgress>& progress) {
    for (const DeliveryProgress& endpoint : progress) {
      slots_.emplace(endpoint.key, static_cast<int64_t>(slots_.size()) + 1);
    }
  }
  int64_t Of(const EndpointKey& key) const { return slots_.at(key); }

 private:
  std::map<EndpointKey, int64_t> slots_;
};

void AddProgress(Params& params, const std::vector<DeliveryProgress>& rows) {
  using Row = DeliveryProgress;
  params.Add(Column(rows, [](const Row& r) { return r.key.tenant_id; }));
  params.Add(Column(rows, [](const Row& r) { return r.key.endpoint_id; }));
  params.Add(Column(rows, [](const Row& r) { return r.fence; }));
  params.Add(Column(rows, [](const Row& r) { return r.position; }));
  params.Add(Column(rows, [](const Row& r) { return r.next_due; }));
  params.Add(Column(rows, [](const Row& r) { return r.consecutive_failures; }));
  params.Add(Column(rows, [](const Row& r) { return r.breaker_open; }));
  params.Add(Column(rows, [](const Row& r) { return r.last_success_time; }));
  params.Add(Column(rows, [](const Row& r) { return r.last_failure_time; }));
  params.Add(Column(rows, [](const Row& r) { return r.failing_since; }));
  params.Add(Column(rows, [](const Row& r) { return r.exhausted_count; }));
}

void AddAttempts(Params& params, const std::vector<AttemptRecord>& rows, const Slots& slots) {
  using Row = AttemptRecord;
  params.Add(Column(rows, [&](const Row& r) { return slots.Of(r.key); }));
  params.Add(Column(rows, [](const Row& r) { return r.event_index; }));
  params.Add(Column(rows, [](const Row& r) { return r.attempt_id; }));
  params.Add(Column(rows, [](const Row& r) { return r.event_id; }));
  params.Add(Column(rows, [](const Row& r) { return r.event_type; }));
  params.Add(Column(rows, [](const Row& r) { return r.start_time; }));
  params.Add(Column(rows, [](const Row& r) { return int64_t{r.latency.count()}; }));
  params.Add(Column(rows, [](const Row& r) { return r.status_code; }));
  params.Add(Column(rows, [](const Row& r) { return r.error_class; }));
  params.Add(Column(rows, [](const Row& r) { return r.response_head; }));
}

void AddExceptions(Params& params, const std::vector<ExceptionRecord>& rows, const Slots& slots) {
  using Row = ExceptionRecord;
  params.Add(Column(rows, [&](const Row& r) { return slots.Of(r.key); }));
  params.Add(Column(rows, [](const Row& r) { return r.event_index; }));
  params.Add(Column(rows, [](const Row& r) { return r.event_id; }));
  params.Add(Column(rows, [](const Row& r) { return r.event_type; }));
  params.Add(Column(rows, [](const Row& r) { return r.attempts; }));
  params.Add(Column(rows, [](const Row& r) { return r.due; }));
  params.Add(Column(rows, [](const Row& r) { return static_cast<int32_t>(r.state); }));
}

}  // namespace

Params FlushParams(const base::Uuid& owner, std::chrono::milliseconds length,
                   const DeliveryFlush& flush) {
  const Slots slots(flush.progress);
  Params params = Params::Of(owner, int64_t{length.count()});
  AddProgress(params, flush.progress);
  AddAttempts(params, flush.attempts, slots);
  AddExceptions(params, flush.exceptions, slots);
  params.Add(Column(flush.settled, [&](const ExceptionRecord& r) { return slots.Of(r.key); }));
  params.Add(Column(flush.settled, [](const ExceptionRecord& r) { return r.event_index; }));
  params.Add(Column(flush.settled, [](const ExceptionRecord& r) { return r.attempts; }));
  params.Add(Column(flush.progress, [](const DeliveryProgress& r) { return r.alerted; }));
  params.Add(Column(flush.progress, [](const DeliveryProgress& r) { return Bytes{r.recent}; }));
  params.Add(Column(flush.progress, [](const DeliveryProgress& r) { return r.paced_until; }));
  params.Add(Column(flush.exceptions, [](const ExceptionRecord& r) { return r.ordering_key; }));
  return params;
}

Params ReleaseParams(const base::Uuid& owner, const std::vector<OrderRelease>& releases) {
  using Row = OrderRelease;
  return Params::Of(owner, Column(releases, [](const Row& r) { return r.key.tenant_id; }),
                    Column(releases, [](const Row& r) { return r.key.endpoint_id; }),
                    Column(releases, [](const Row& r) { return r.fence; }),
                    Column(releases, [](const Row& r) { return r.ordering_key; }),
                    Column(releases, [](const Row& r) { return r.due; }));
}

}  // namespace gatehouse::storage
