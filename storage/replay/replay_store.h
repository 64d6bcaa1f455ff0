#ifndef GATEHOUSE_STORAGE_REPLAY_REPLAY_STORE_H_
#define GATEHOUSE_STORAGE_REPLAY_REPLAY_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/replay/replay.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Replays of events to webhook endpoints. Whoever works on one names the version that it has read;
// each write raises it, so that several servers may try and one goes on.
//
// Stateless; every loop of `database`, which outlives it.
class ReplayStore {
 public:
  // Replays of a tenant that have not ended. Each is looked at every second.
  static constexpr int64_t kMaxLivePerTenant = 20;

  explicit ReplayStore(postgres::Database& database) : database_(database) {}

  // RESOURCE_EXHAUSTED, LIMIT_REACHED if the tenant has kMaxLivePerTenant that run.
  base::Task<absl::Status> Create(base::CallContext ctx, Replay replay, Change change);

  // nullopt if there is none, or none any more.
  base::Task<absl::StatusOr<std::optional<Replay>>> Get(base::CallContext ctx, base::Uuid tenant_id,
                                                        base::Uuid id);

  struct ListQuery {
    base::Uuid tenant_id;
    std::optional<base::Uuid> endpoint_id = std::nullopt;
    // With a smaller id than this, if given.
    std::optional<base::Uuid> before = std::nullopt;
    int64_t limit = 0;
    // Of event types; the last replay returned may go beyond it.
    int64_t max_bytes = 0;
  };
  struct Page {
    // Newest first.
    std::vector<Replay> replays;
    // Fewer than `limit`, and than there are, because of max_bytes.
    bool cut = false;
  };
  base::Task<absl::StatusOr<Page>> List(base::CallContext ctx, ListQuery query);

  // Those of all tenants that have not ended, by tenant and id, after the given one.
  struct Key {
    base::Uuid tenant_id;
    base::Uuid id;
  };
  base::Task<absl::StatusOr<std::vector<Replay>>> ListLive(base::CallContext ctx, Key after,
                                                           int64_t limit);

  // What of the log up to `last` is to be sent by the replay next, to an endpoint that wants
  // `patterns`, and of these, if `wanted` is given, only its indexes: at most `limit` events, where
  // the slice ends.
  base::Task<absl::StatusOr<ReplaySlice>> Find(base::CallContext ctx, Replay replay,
                                               std::vector<std::string> patterns, int64_t last,
                                               int64_t limit,
                                               std::optional<std::vector<int64_t>> wanted);

  // From now on the events of the slice that still have an outcome that the replay wants are to be
  // sent, as by DeliveryStore::Redeliver, due at `now`; and the replay has got that far. Returns
  // how many they are. ABORTED, CONFLICT, and nothing is written, if the replay is no longer as it
  // was read; NOT_FOUND, ENDPOINT_NOT_FOUND if there is no such endpoint.
  base::Task<absl::StatusOr<int64_t>> Schedule(base::CallContext ctx, Replay replay,
                                               ReplaySlice slice, base::Time paced_until,
                                               base::Time now, Change change);

  // The replay has got through a slice with nothing to send, or waits for `hold`. False, and
  // nothing is written, if it is no longer as it was read.
  base::Task<absl::StatusOr<bool>> Move(base::CallContext ctx, Replay replay, ReplaySlice slice,
                                        ReplayHold hold, base::Time now);

  // Writes state, failure and end_time of one that ends. ABORTED, ETAG_MISMATCH if it is no longer
  // as it was read, or has ended.
  base::Task<absl::Status> Finish(base::CallContext ctx, Replay ended, Change change);

  // Deletes replays that ended before `before`; how many, at most `limit`.
  base::Task<absl::StatusOr<int64_t>> Purge(base::CallContext ctx, base::Uuid tenant_id,
                                            base::Time before, int64_t limit);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_REPLAY_REPLAY_STORE_H_
