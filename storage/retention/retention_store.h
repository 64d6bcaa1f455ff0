#ifndef GATEHOUSE_STORAGE_RETENTION_RETENTION_STORE_H_
#define GATEHOUSE_STORAGE_RETENTION_RETENTION_STORE_H_

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
#include "storage/retention/tenant_retention.h"

namespace gatehouse::storage::postgres {
class Database;
}

namespace gatehouse::storage {

// Takes away what has been kept for long enough, where that is no store's own business: days of
// the event log and of webhook attempts as whole tables, the rest in slices. And tells what would
// go. Every method may run on several instances at once.
//
// Stateless; any loop of `database`, which outlives it.
class RetentionStore {
 public:
  using Days = std::chrono::sys_days;

  explicit RetentionStore(postgres::Database& database) : database_(database) {}

  // The next tenants after one, by id; the first for the nil id. With what was said of each.
  struct Kept {
    base::Uuid tenant_id;
    TenantPeriods periods;
  };
  // Those that are active; `own`: that have periods of their own.
  base::Task<absl::StatusOr<std::vector<Kept>>> ListTenants(base::CallContext ctx, base::Uuid after,
                                                            int64_t limit, bool own);
  // Those with a log; the period of events alone.
  base::Task<absl::StatusOr<std::vector<Kept>>> ListLogs(base::CallContext ctx, base::Uuid after,
                                                         int64_t limit);

  // What was said of a tenant; version 0 if nothing was.
  base::Task<absl::StatusOr<TenantRetention>> GetTenant(base::CallContext ctx,
                                                        base::Uuid tenant_id);
  // Writes it and raises the version. ABORTED, ETAG_MISMATCH if it is no longer
  // `retention.version`.
  base::Task<absl::Status> PutTenant(base::CallContext ctx, TenantRetention retention,
                                     Change change);

  // The table of one day.
  struct Partition {
    std::string name;
    Days day;
    // It takes no rows any more.
    bool sealed = false;
    int64_t bytes = 0;
    // What Postgres has found last; 0 for one that it has not looked at.
    int64_t rows_about = 0;
  };
  // Those of `table`, "event" or "webhook_attempt", by day.
  base::Task<absl::StatusOr<std::vector<Partition>>> ListPartitions(base::CallContext ctx,
                                                                    std::string table);

  // The first day whose events would be kept if all before `before` went; nullopt if none would
  // go. No day goes before the sequencer is through with it, and none that is not a week old.
  base::Task<absl::StatusOr<std::optional<Days>>> NextEventCut(base::CallContext ctx, Days before);
  // Events of days before NextEventCut(before) go from now on. False if there is none, or if the
  // sequencer is not through with what lies there: `change` is not made then.
  base::Task<absl::StatusOr<bool>> CutEventLog(base::CallContext ctx, Days before, Change change);
  // Takes at most `limit` events off the beginning of a tenant's log, of days that go and that
  // nobody waits for; returns how many.
  base::Task<absl::StatusOr<int64_t>> TrimEventLog(base::CallContext ctx, base::Uuid tenant_id,
                                                   int32_t limit);
  // How many of the next `limit` events at the beginning of a tenant's log come before the first
  // one that is from `before` or later.
  base::Task<absl::StatusOr<int64_t>> CountBefore(base::CallContext ctx, base::Uuid tenant_id,
                                                  Days before, int64_t limit);
  // Drops a day of events of which nothing is in the log any more; the name of its table, or
  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<std::string>>> DropEventDay(base::CallContext ctx);
  // Drops a day of webhook attempts before `before`.
  base::Task<absl::StatusOr<std::optional<std::string>>> DropAttemptDay(base::CallContext ctx,
                                                                        Days before);

  // What keeps a log beyond its time.
  struct Held {
    base::Uuid tenant_id;
    // The first event that somebody waits for.
    int64_t index = 0;
    base::Time recorded_time;
  };
  // Logs that are kept although they are from before `before`; the oldest first.
  base::Task<absl::StatusOr<std::vector<Held>>> FindHeld(base::CallContext ctx, Days before,
                                                         int64_t limit);
  // After TrimEventLog: what refers to events that are gone. At most `limit` deliveries that were
  // given up; how many those were.
  base::Task<absl::StatusOr<int64_t>> ForgetExhausted(base::CallContext ctx, base::Uuid tenant_id,
                                                      int64_t limit);
  base::Task<absl::Status> ForwardDisabled(base::CallContext ctx, base::Uuid tenant_id);

  // What one look at a stretch of a table found.
  template <typename Position>
  struct Walk {
    // Rows whose time is over, deleted or only counted.
    int64_t rows = 0;
    // Where to go on; nullopt if that was the end.
    std::optional<Position> next;
  };
  // Sessions that ended before `before`, of the next `limit` after `after`.
  base::Task<absl::StatusOr<Walk<base::Uuid>>> PurgeSessions(base::CallContext ctx,
                                                             base::Uuid tenant_id, base::Uuid after,
                                                             base::Time before, int64_t limit,
                                                             bool dry_run);
  struct ThreadPosition {
    base::Uuid user_id;
    std::string thread_id;
  };
  // Messages of threads to which nobody has added since `before`, of the next `limit` threads.
  base::Task<absl::StatusOr<Walk<ThreadPosition>>> PurgeThreads(base::CallContext ctx,
                                                                base::Uuid tenant_id,
                                                                ThreadPosition after,
                                                                base::Time before, int64_t limit,
                                                                bool dry_run);

  // Deletes at most `limit` alerts that were resolved before `before`; how many.
  base::Task<absl::StatusOr<int64_t>> PurgeAlerts(base::CallContext ctx, base::Uuid tenant_id,
                                                  base::Time before, int64_t limit);

  // What a purge of these would find, counted up to `limit`.
  enum class Table { kRequests, kOneTimeTokens, kReplays, kAlerts, kDeletedUsers };
  base::Task<absl::StatusOr<int64_t>> Count(base::CallContext ctx, Table table,
                                            base::Uuid tenant_id, base::Time before, int64_t limit);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_RETENTION_RETENTION_STORE_H_
