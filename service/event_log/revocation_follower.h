#ifndef GATEHOUSE_SERVICE_EVENT_LOG_REVOCATION_FOLLOWER_H_
#define GATEHOUSE_SERVICE_EVENT_LOG_REVOCATION_FOLLOWER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "auth/verdict/authenticator.h"
#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/async/task_group.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "base/worker.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service {

// Makes this instance forget what other instances revoked: follows the log of
// every tenant for the events that end sessions, keys and rights, and tells the
// authenticator; also those that change signing keys, tenants or the catalogue of event types, or
// ask that memory be read again. What this instance revoked itself it learns twice, which does no
// harm.
//
// Beside what it is told it looks by itself, and tells the authenticator how old
// its knowledge is: a notification that got lost, a sequencer that stands still, a
// database that cannot be reached hide a revocation no longer than the
// authenticator allows.
//
// Keeps its position in memory: verdicts are cached in memory too, so what
// happened before the start concerns none.
//
// Thread: `loop`, but for Start and Stop. A stop gives up the turn under way.
class RevocationFollower final : public base::Worker {
 public:
  // How often it looks by itself. Each look vouches for the moment of the one before, so
  // what is known is two polls old at most while all is well.
  static constexpr std::chrono::milliseconds kPoll{250};

  // Has the keyring hold what is stored.
  using LoadKeys = std::function<base::Task<absl::Status>(base::CallContext)>;

  // A tenant's catalogue of event types was changed; nullopt: perhaps every tenant's.
  using ForgetEventTypes = std::function<void(const std::optional<base::Uuid>& tenant_id)>;

  // Has the settings of all endpoints read again.
  using ReadEndpoints = std::function<void()>;

  // Has the directory say what is stored of a tenant; nullopt: of all.
  using ReadTenant =
      std::function<base::Task<absl::Status>(base::CallContext, std::optional<base::Uuid>)>;

  // All it is given outlives it. Without `read_tenant` there is no directory.
  RevocationFollower(base::Loop& loop, storage::EventLog& log, storage::LogFeed& feed,
                     auth::Authenticator& authenticator, LoadKeys load_keys,
                     ForgetEventTypes forget_event_types, ReadEndpoints read_endpoints,
                     ReadTenant read_tenant = {});
  ~RevocationFollower() override;

  // Takes the heads of now as positions. Before Start, and before the first call is served.
  base::Task<absl::Status> TakePosition(base::CallContext ctx);

  // Runs turn after turn, with a poll every kPoll. After an error the next one tries again
  // from the same position.
  void Start() override;
  void Stop(std::chrono::milliseconds grace) override;

  // Steps by hand, not while started. This one applies everything up to the heads.
  base::Task<absl::Status> RunOnce(base::CallContext ctx);

  // The same, and finds out until when everything is known.
  base::Task<absl::Status> Poll(base::CallContext ctx);

  // Waits until something is ordered, and applies what there is; from `poll` on, polls.
  base::Task<absl::Status> RunTurn(base::SteadyTime poll, base::CancelToken cancel);

 private:
  base::Task<void> Run(base::CancelToken cancel);
  // Up to the heads: what comes after is news of its own.
  base::Task<absl::Status> Follow(base::CallContext ctx,
                                  std::vector<storage::EventLog::Head> heads);
  base::Task<absl::Status> FollowTenant(base::CallContext ctx, storage::EventLog::Head head);
  base::Task<absl::Status> Apply(base::CallContext ctx, storage::Event event);
  // For another one than a revocation.
  base::Task<absl::Status> ReadAgain(base::CallContext ctx, storage::Event event);
  // For one that is about a tenant.
  base::Task<absl::Status> FollowDirectory(base::CallContext ctx, storage::Event event);
  void Report(const absl::Status& status);

  base::Loop& loop_;
  storage::EventLog& log_;
  auth::Authenticator& authenticator_;
  const LoadKeys load_keys_;
  const ForgetEventTypes forget_event_types_;
  const ReadEndpoints read_endpoints_;
  const ReadTenant read_tenant_;
  std::unique_ptr<storage::LogFeed::Subscription> subscription_;
  // The last index applied, by tenant.
  std::unordered_map<base::Uuid, int64_t> positions_;
  // What was committed by then is being waited for, and what Postgres calls that moment.
  base::SteadyTime asked_at_;
  std::string snapshot_;
  // So that one trouble is one line.
  bool reported_ = false;
  bool started_ = false;
  base::TaskGroup tasks_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_EVENT_LOG_REVOCATION_FOLLOWER_H_
