#ifndef GATEHOUSE_SERVICE_RETENTION_RETENTION_SWEEPER_H_
#define GATEHOUSE_SERVICE_RETENTION_RETENTION_SWEEPER_H_

#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/retention/retention_periods.h"
#include "service/user/bulk/user_purger.h"
#include "storage/one_time_token/one_time_token_store.h"
#include "storage/replay/replay_store.h"
#include "storage/request/idempotency_store.h"
#include "storage/retention/retention_store.h"
#include "storage/retention/tenant_retention.h"

namespace gatehouse::service {

// What a sweep did, or would do.
struct RetentionSweep {
  // Nothing older is kept; unset where all is kept for ever.
  std::optional<base::Time> before;
  // Rows that are gone; of events those that are no longer in the log.
  int64_t rows = 0;
  // Only of a dry run: there are more than `rows` (kLeast), or about so many (kAbout).
  enum class Count { kExact, kLeast, kAbout };
  Count count = Count::kExact;
  // Tables of days that are gone, with what they took on disk where that is known.
  std::vector<std::string> partitions;
  int64_t bytes = 0;
  // How old the oldest that is kept may be: the day of its table, or `before`.
  std::optional<base::Time> oldest_kept;
  // Logs that are kept for longer, since somebody waits for their events.
  std::vector<storage::RetentionStore::Held> held;
  // Its time ran out before it was through; the next one goes on.
  bool unfinished = false;
};

// Does what the retention policies say, one at a time and until nothing is left or the time of its
// context is nearly over. It remembers how far it has come, of the long tables and of the tenants.
// What is a tenant's own it keeps for as long as was said of the tenant, the log never for less
// than the policy says.
//
// Thread: one loop, and one sweep of a policy at a time. What it is made of outlives it.
class RetentionSweeper {
 public:
  struct Deps {
    storage::RetentionStore& retention;
    storage::IdempotencyStore& requests;
    storage::OneTimeTokenStore& one_time_tokens;
    storage::ReplayStore& replays;
    UserPurgeDeps users;
    const base::Clock& clock;
  };

  RetentionSweeper(Deps deps, RetentionPeriods periods) : deps_(deps), periods_(periods) {}

  // `dry_run`: changes nothing, and tells what would go: estimates of what grows, never a count
  // of all of it.
  base::Task<absl::StatusOr<RetentionSweep>> Run(base::CallContext ctx, RetentionPolicy policy,
                                                 bool dry_run = false);

 private:
  using Days = storage::RetentionStore::Days;
  // Deletes, or counts, at most `limit` rows of a tenant from before a time; how many.
  using PurgeFn = std::function<base::Task<absl::StatusOr<int64_t>>(
      base::CallContext, base::Uuid tenant_id, base::Time before, int64_t limit)>;
  // Where a walk through a table of all tenants is; the beginning if nothing is set.
  template <typename Position>
  struct Place {
    base::Uuid last_tenant_id;
    std::optional<base::Uuid> tenant_id;
    // Nothing of the tenant is kept from before.
    base::Time before;
    Position position;
  };
  using SessionPlace = Place<base::Uuid>;
  using ThreadPlace = Place<storage::RetentionStore::ThreadPosition>;

  base::Task<absl::Status> SweepEvents(base::CallContext ctx, Days before, RetentionSweep* sweep);
  base::Task<absl::Status> CutEvents(base::CallContext ctx, Days before);
  base::Task<absl::Status> TrimLogs(base::CallContext ctx, RetentionSweep* sweep);
  base::Task<absl::Status> TrimLog(base::CallContext ctx, storage::RetentionStore::Kept kept,
                                   RetentionSweep* sweep);
  // From when on what is `kept` of a tenant stays; nullopt: all of it.
  std::optional<base::Time> BeforeOf(const storage::TenantPeriods& kept, RetentionPolicy policy,
                                     const RetentionSweep& sweep) const;
  base::Task<absl::Status> SweepAttempts(base::CallContext ctx, Days before, RetentionSweep* sweep);
  // What would go of the tables of days, and which is the oldest that stays.
  base::Task<absl::Status> SurveyDays(base::CallContext ctx, std::string table,
                                      std::optional<Days> before, bool dry_run,
                                      RetentionSweep* sweep);
  base::Task<absl::Status> SweepRows(base::CallContext ctx, RetentionPolicy policy,
                                     base::Uuid* place, bool dry_run, RetentionSweep* sweep);
  // Those whose time is over; when that is was said as each was deleted.
  base::Task<absl::Status> SweepUsers(base::CallContext ctx, base::Uuid* place,
                                      RetentionSweep* sweep);
  template <typename Position, typename Step>
  base::Task<absl::Status> WalkTenants(base::CallContext ctx, RetentionPolicy policy,
                                       Place<Position>* place, Step step, RetentionSweep* sweep);
  PurgeFn PurgeOf(RetentionPolicy policy, bool dry_run);

  const Deps deps_;
  const RetentionPeriods periods_;
  SessionPlace sessions_;
  ThreadPlace threads_;
  // By policy: the tenant that was looked at last.
  std::array<base::Uuid, std::size(kRetentionPolicies)> rows_ = {};
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_RETENTION_RETENTION_SWEEPER_H_
