#ifndef GATEHOUSE_SERVICE_WORKERS_REVOCATION_FOLLOWER_H_
#define GATEHOUSE_SERVICE_WORKERS_REVOCATION_FOLLOWER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "absl/status/status.h"
#include "auth/authenticator.h"
#include "base/call_context.h"
#include "base/cancel.h"
#include "base/loop.h"
#include "base/task.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service {

// Makes this instance forget what other instances revoked: follows the log of
// every tenant for the events that end sessions, keys and rights, and tells the
// authenticator. What this instance revoked itself it learns twice, which does
// no harm.
//
// Keeps its position in memory: verdicts are cached in memory too, so what
// happened before the start concerns none.
//
// Thread: `loop`. All it is given outlives it.
class RevocationFollower {
 public:
  // A lost notification hides another instance's revocation this long at most.
  static constexpr std::chrono::milliseconds kPoll{500};

  RevocationFollower(base::Loop& loop, storage::EventLog& log, storage::LogFeed& feed,
                     auth::Authenticator& authenticator);

  // Takes the heads of now as positions. Before the first call is served.
  base::Task<absl::Status> Start(base::CallContext ctx);

  // Applies everything up to the heads.
  base::Task<absl::Status> RunOnce(base::CallContext ctx);

  // Waits until something is ordered, or until `poll`, and applies what there is.
  base::Task<absl::Status> RunTurn(base::SteadyTime poll, base::CancelToken cancel);

  // Turn after turn, each with its poll, until `cancel`. After an error the next one
  // tries again from the same position.
  base::Task<void> Run(base::CancelToken cancel);

 private:
  base::Task<absl::Status> Follow(base::CallContext ctx, base::Uuid tenant_id);
  void Apply(const storage::Event& event);

  base::Loop& loop_;
  storage::EventLog& log_;
  auth::Authenticator& authenticator_;
  std::unique_ptr<storage::LogFeed::Subscription> subscription_;
  // The last index applied, by tenant.
  std::unordered_map<base::Uuid, int64_t> positions_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WORKERS_REVOCATION_FOLLOWER_H_
