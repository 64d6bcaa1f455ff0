#ifndef GATEHOUSE_STORAGE_EVENT_LOG_EVENT_LOG_H_
#define GATEHOUSE_STORAGE_EVENT_LOG_EVENT_LOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event.h"
#include "storage/freshness.h"
#include "storage/log_feed.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// An event as the log returns it.
struct LoggedEvent {
  Event event;
  // 0 until the sequencer assigned it.
  int64_t index = 0;
  std::string leaf_hash;
};

// Which events ListEvents wants. Unset terms take everything.
struct EventQuery {
  base::Uuid tenant_id;
  // Either exact, or every type that begins with it.
  std::string type = {};
  bool type_is_prefix = false;
  std::string actor_id = {};
  std::string target_id = {};
  std::optional<Outcome> outcome = std::nullopt;
  // Inclusive.
  int64_t min_index = 1;
  int64_t max_index = INT64_MAX;
  base::Time min_occurred_time = base::Time::min();
  base::Time max_occurred_time = base::Time::max();
  bool descending = true;
  int32_t limit = 50;
  Freshness freshness = Freshness::kNow;
};

// Reads the log by index, the only order there is. One statement per call.
// Stateless; any loop of `database`, which outlives it.
class EventLog {
 public:
  explicit EventLog(postgres::Database& database) : database_(database) {}

  // nullopt if there is none. Finds an event as soon as it is committed.
  base::Task<absl::StatusOr<std::optional<LoggedEvent>>> Get(base::CallContext ctx,
                                                             base::Uuid tenant_id,
                                                             base::Uuid event_id);

  // One page. It looks at a bounded number of entries and ends before a few MiB of
  // payload are exceeded, so a page of a query that few events match, or of large
  // events, may be short, even empty, and yet not be the last.
  struct Page {
    std::vector<LoggedEvent> events;
    // Where the next page begins (min_index or max_index of its query); unset
    // if this is the last one.
    std::optional<int64_t> next_index = std::nullopt;
  };
  base::Task<absl::StatusOr<Page>> List(base::CallContext ctx, EventQuery query);

  // Events from `from_index` on, at most `limit`, in order and without a gap:
  // with no `types` given, the indexes are from_index, from_index + 1 ...
  // `types` are exact or end in ".*". Looks at a bounded number of entries and
  // returns, like List, a few MiB of payload at most.
  template <typename T>
  struct RangeOf {
    std::vector<T> events;
    // Everything up to here that matches is in `events`: go on one above. Below
    // from_index if there is nothing new.
    int64_t last_index = 0;
    // The highest index there is.
    int64_t head_index = 0;
  };
  using Range = RangeOf<LoggedEvent>;
  base::Task<absl::StatusOr<Range>> ReadRange(base::CallContext ctx, base::Uuid tenant_id,
                                              int64_t from_index, int32_t limit,
                                              std::vector<std::string> types = {});

  // The same without payloads, which costs a fraction: for matching.
  using EntryRange = RangeOf<LogEntry>;
  base::Task<absl::StatusOr<EntryRange>> ReadEntries(base::CallContext ctx, base::Uuid tenant_id,
                                                     int64_t from_index, int32_t limit,
                                                     std::vector<std::string> types = {});

  // The number of ordered events, which is the highest index.
  base::Task<absl::StatusOr<int64_t>> HeadIndex(base::CallContext ctx, base::Uuid tenant_id);

  // What there is of the log: retention takes away from its beginning. With first = head + 1
  // nothing is left.
  struct Bounds {
    int64_t first = 1;
    int64_t head = 0;
  };
  base::Task<absl::StatusOr<Bounds>> ReadBounds(base::CallContext ctx, base::Uuid tenant_id);

  // The head of every tenant that has one.
  struct Head {
    base::Uuid tenant_id;
    int64_t index = 0;
  };
  base::Task<absl::StatusOr<std::vector<Head>>> Heads(base::CallContext ctx);

  // How far the log has come, without asking how far it should have.
  struct Progress {
    // Of every tenant that has one.
    std::vector<Head> heads;
    // Everything that was committed when `since` was taken has its index, at or below
    // the heads. False without `since`, and while the sequencer is halted.
    bool complete = false;
    // Of this moment, to be handed in as `since` later.
    std::string snapshot;
  };
  base::Task<absl::StatusOr<Progress>> ProgressSince(base::CallContext ctx, std::string since);

  // The index of an event; nullopt while it has none.
  base::Task<absl::StatusOr<std::optional<int64_t>>> IndexOf(base::CallContext ctx,
                                                             base::Uuid tenant_id,
                                                             base::Uuid event_id);

  // What an event's details_json is once it was stored: the same value in other bytes.
  base::Task<absl::StatusOr<std::string>> FormatDetails(base::CallContext ctx,
                                                        std::string details_json);

  // The index of the first event of a type that has something as a target; nullopt if there is
  // none.
  base::Task<absl::StatusOr<std::optional<int64_t>>> FirstAbout(base::CallContext ctx,
                                                                base::Uuid tenant_id,
                                                                std::string target_id,
                                                                std::string type);

  // The index of the first event recorded at `time` or later, by the time in its id; nullopt if
  // there is none.
  base::Task<absl::StatusOr<std::optional<int64_t>>> FirstSince(base::CallContext ctx,
                                                                base::Uuid tenant_id,
                                                                base::Time time);

  // The lowest index of the events recorded at `time` or later, nullopt if there is none. Exact
  // unless kLookAhead events were recorded after one of them before that was committed, and then
  // off by events of that time.
  static constexpr int64_t kLookAhead = 10'000;
  base::Task<absl::StatusOr<std::optional<int64_t>>> LowestSince(base::CallContext ctx,
                                                                 base::Uuid tenant_id,
                                                                 base::Time time);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LOG_EVENT_LOG_H_
