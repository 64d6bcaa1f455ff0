#ifndef GATEHOUSE_STORAGE_DELIVERY_DELIVERY_STORE_H_
#define GATEHOUSE_STORAGE_DELIVERY_DELIVERY_STORE_H_

#include <chrono>
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
#include "storage/delivery/delivery.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// How far webhooks have got: the cursors of tenants and endpoints, exceptions
// and attempts.
//
// An endpoint has one deliverer at a time, by lease. Each lease raises the
// endpoint's fence, and whatever a deliverer writes names the fence it holds:
// one that lost its lease without noticing writes nothing. Leases are timed by
// the database, whose clock all instances share; they end before their time when
// the connection of their owner that announced it (announce.sql, LogListener) does.
//
// Stateless; every loop of `database`, which outlives it.
class DeliveryStore {
 public:
  explicit DeliveryStore(postgres::Database& database) : database_(database) {}

  // How far each tenant's log has been matched. Tenants without endpoints have
  // no cursor.
  struct Fanout {
    base::Uuid tenant_id;
    int64_t position = 0;
    // The highest index of its log.
    int64_t head_index = 0;
  };
  base::Task<absl::StatusOr<std::vector<Fanout>>> ListFanouts(base::CallContext ctx);

  struct Mark {
    base::Uuid endpoint_id;
    // The first event of (from, to] that the endpoint wants.
    std::optional<int64_t> first_index = std::nullopt;
    // The index of the event of its creation, if that is in (from, to].
    std::optional<int64_t> created_index = std::nullopt;
  };
  // Advances a tenant's cursor to `to` and, in the same transaction, notes which
  // endpoints have work in (from, to] and where endpoints created there begin.
  // Returns the cursor, which is beyond `to` if another instance was faster;
  // below `from`, and nothing is written, if it was set back.
  base::Task<absl::StatusOr<int64_t>> AdvanceFanout(base::CallContext ctx, base::Uuid tenant_id,
                                                    int64_t from, int64_t to,
                                                    std::vector<Mark> marks);

  struct Want {
    EndpointKey key;
    // As in Mark.
    int64_t first_index = 0;
  };
  // Leases those of `wanted` that nobody else holds.
  base::Task<absl::StatusOr<std::vector<DeliveryLease>>> Lease(base::CallContext ctx,
                                                               base::Uuid owner,
                                                               std::chrono::milliseconds length,
                                                               std::vector<Want> wanted);

  // Leases up to `limit` enabled endpoints with work to do or exceptions due at
  // `now` that nobody holds, or that `owner` held in an earlier life and is not
  // in `held`.
  base::Task<absl::StatusOr<std::vector<DeliveryLease>>> LeaseDue(
      base::CallContext ctx, base::Uuid owner, std::chrono::milliseconds length, base::Time now,
      std::vector<EndpointKey> held, int64_t limit);

  // Ends the leases of all instances but `owner` whose connection is gone; how many.
  base::Task<absl::StatusOr<int64_t>> FreeGone(base::CallContext ctx, base::Uuid owner);
  // The connection of `owner` that held this lock has broken: from now on its leases
  // last until their time, unless FreeGone was faster.
  base::Task<absl::Status> Withdraw(base::CallContext ctx, base::Uuid owner, int64_t lock_key);

  // Writes all of it and renews the leases, in one statement, and one more each in its transaction
  // if there are releases, and alerts. Endpoints whose
  // fence is no longer the given one are left out altogether. An exception that began anew since it
  // was read (Redeliver) is left as it is. After an error the same flush may be written again, also
  // if it took effect.
  base::Task<absl::StatusOr<FlushOutcome>> Flush(base::CallContext ctx, base::Uuid owner,
                                                 std::chrono::milliseconds length,
                                                 DeliveryFlush flush);

  struct Release {
    EndpointKey key;
    int64_t fence = 0;
    // Everything up to here is done; the endpoint is no longer behind if the
    // tenant's cursor is at the same place or the endpoint's is beyond it.
    int64_t position = 0;
    // False for one that stops with work left.
    bool done = false;
  };
  base::Task<absl::Status> ReleaseLeases(base::CallContext ctx, std::vector<Release> releases);

  // RETRYING exceptions of an endpoint by due time, earliest first; without the
  // events `except`, and without those that wait for an earlier one of their ordering key.
  base::Task<absl::StatusOr<std::vector<ExceptionRecord>>> ListExceptions(
      base::CallContext ctx, EndpointKey key, std::vector<int64_t> except, int64_t limit);

  // RETRYING exceptions of an ordering key behind the index `after`, in their order, whenever they
  // are due.
  base::Task<absl::StatusOr<std::vector<ExceptionRecord>>> ListFollowers(base::CallContext ctx,
                                                                         EndpointKey key,
                                                                         std::string ordering_key,
                                                                         int64_t after,
                                                                         int64_t limit);

  // What goes to the endpoint before the event with that ordering key and index, the nearest first:
  // an exception, and events of the key beyond the endpoint's position, whether it wants them or
  // not; some at most.
  struct Predecessor {
    int64_t index = 0;
    base::Uuid event_id;
    // It is a RETRYING exception.
    bool retrying = false;
  };
  base::Task<absl::StatusOr<std::vector<Predecessor>>> ListPredecessors(base::CallContext ctx,
                                                                        EndpointKey key,
                                                                        std::string ordering_key,
                                                                        int64_t index);

  // Since when events of a tenant wait for their first attempt at an endpoint that is enabled,
  // whose breaker is closed, and that `except` does not deliver to, as positions were last written.
  // Those do not count that their own rate held back until `paced_since` or later, nor do tenants
  // of which none waits.
  struct Backlog {
    base::Uuid tenant_id;
    base::Time oldest_time;
  };
  base::Task<absl::StatusOr<std::vector<Backlog>>> ListBacklogs(base::CallContext ctx,
                                                                base::Uuid except,
                                                                base::Time paced_since);

  // From now on the event, which has an index and is `redelivered.event_id`, is to be sent to the
  // endpoint: due at `redelivered.due`, with no attempts of its schedule made; behind an earlier
  // one of its ordering key that is RETRYING, once that is done with. What of its attempts is under
  // way, or not written yet, decides nothing about it any more. NOT_FOUND, ENDPOINT_NOT_FOUND if
  // there is no such endpoint.
  base::Task<absl::Status> Redeliver(base::CallContext ctx, ExceptionRecord redelivered,
                                     Change change);

  // Of answers at most this much comes with one delivery: an event that waits behind an open
  // breaker may have hundreds of attempts. Older ones come without.
  static constexpr int64_t kMaxDeliveryBytes = int64_t{1} << 20;

  // nullopt if nothing was sent or is to be sent again.
  base::Task<absl::StatusOr<std::optional<Delivery>>> GetDelivery(base::CallContext ctx,
                                                                  EndpointKey key,
                                                                  base::Uuid event_id);

  // Whether attempts that are no longer kept can have been made to send the event there: both the
  // event and the endpoint are older than what is kept.
  base::Task<absl::StatusOr<bool>> IsNoLongerKnown(base::CallContext ctx, EndpointKey key,
                                                   base::Uuid event_id);

  // Newest event first; nullopt if there is no such endpoint, nor any attempt at one that
  // was deleted. What attempts keep of
  // answers is much more than the rest and is bounded by bytes: of one delivery,
  // where older attempts come without; and of all, after which no further delivery
  // begins. So there are fewer than `limit` only if nothing is left, or if they
  // hold at least `max_bytes`.
  struct DeliveryQuery {
    EndpointKey key;
    std::optional<DeliveryState> state;
    // Events before this index, if given.
    std::optional<int64_t> before;
    int64_t limit = 0;
    int64_t max_bytes = int64_t{3} << 20;
  };
  base::Task<absl::StatusOr<std::optional<std::vector<Delivery>>>> ListDeliveries(
      base::CallContext ctx, DeliveryQuery query);

  // Of the entries from `first` to `last`, all of which it looks at, those that one of `patterns`
  // matches; of these, if `wanted` is given, those of its indexes. Names the first kMaxMissing that
  // are missing.
  static constexpr int64_t kMaxMissing = 1'000;
  base::Task<absl::StatusOr<Reconciliation>> Reconcile(base::CallContext ctx, EndpointKey key,
                                                       std::vector<std::string> patterns,
                                                       int64_t first, int64_t last,
                                                       std::optional<std::vector<int64_t>> wanted);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_DELIVERY_DELIVERY_STORE_H_
