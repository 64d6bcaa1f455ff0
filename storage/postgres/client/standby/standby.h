#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/mutex.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/standby/standby_stats.h"
#include "storage/postgres/client/standby/wal_history.h"

namespace gatehouse::storage::postgres {

// A standby of the primary that answers reads which may lag, for as long as it can.
//
// Each read is one batch on one connection: where this server stands, then the statement, whose
// snapshot is taken afterwards. So an answer is of a standby of this very database and not older
// than allowed, whichever host the DSN has led to. Anything else is left to the primary; nothing
// fails because of a standby.
//
// Lifetime: owned by the Database of its primary, and as that opened and closed around its loops.
// Thread: methods that take a context on ctx.loop(), stats() on any.
class Standby {
 public:
  static absl::StatusOr<std::unique_ptr<Standby>> Open(const DatabaseConfig& primary,
                                                       std::vector<base::Loop*> loops);

  // Asks both where they stand, and decides whether this one is asked from now on. To be called a
  // few times in each `standby_max_lag`. An error is the primary's.
  base::Task<absl::Status> Measure(base::CallContext ctx, Database& primary);

  // nullopt: ask the primary.
  base::Task<std::optional<Rows>> Query(base::CallContext ctx, postgres::Query query,
                                        Params params);

  StandbyStats stats() const;
  const Database& database() const { return *database_; }

  void Close() { database_->Close(); }

 private:
  enum class Refusal { kAway, kBehind, kFailed };

  Standby(std::unique_ptr<Database> database, std::chrono::milliseconds max_lag,
          std::function<void(std::string_view)> tell);

  // Where a server stands, of one row of kPosition.
  struct Position {
    std::string database;
    bool is_standby = false;
    int64_t replayed = 0;
  };
  static absl::StatusOr<Position> Decode(const Rows& rows);
  // What is wrong with a server at `position`; nullopt if nothing is.
  std::optional<Refusal> Judge(const Position& position) const GH_REQUIRES(mutex_);
  void Note(std::optional<Refusal> found);
  std::optional<Rows> Refused(Refusal refusal);

  const std::unique_ptr<Database> database_;
  const std::chrono::milliseconds max_lag_;
  const std::function<void(std::string_view)> tell_;

  mutable base::Mutex mutex_;
  WalHistory history_ GH_GUARDED_BY(mutex_);
  // Which database the primary is; empty before it was asked.
  std::string primary_ GH_GUARDED_BY(mutex_);
  StandbyStats stats_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_H_
