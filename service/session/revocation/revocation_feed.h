#ifndef GATEHOUSE_SERVICE_SESSION_REVOCATION_REVOCATION_FEED_H_
#define GATEHOUSE_SERVICE_SESSION_REVOCATION_REVOCATION_FEED_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/semaphore.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "rpc/method/message_stream.h"
#include "service/session/revocation/revocation_log.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"
#include "storage/session/session_store.h"
#include "storage/tenant/tenant_store.h"

namespace gatehouse::auth {
class Authenticator;
class TenantDirectory;
}  // namespace gatehouse::auth

namespace gatehouse::service {

// Tells streams what is revoked (WatchRevocations): what is live, then what comes, and every
// kHeartbeat until when all of it was told.
//
// Any number of streams at a time, each on the loop of its context; each reads the log itself, once
// a heartbeat and whenever there is a revocation. What it is made of outlives it, and it outlives
// its streams.
class RevocationFeed {
 public:
  // What the .proto file promises.
  static constexpr std::chrono::milliseconds kHeartbeat{1000};
  static constexpr int kPerMessage = 1'000;
  // Streams that may ask the database something at a time, as for LogTail.
  static constexpr size_t kMaxAsking = 32;

  struct Deps {
    storage::EventLog& log;
    storage::LogFeed& feed;
    storage::SessionStore& sessions;
    storage::TenantStore& tenants;
    // Knows until when every instance's revocations are in the log.
    const auth::Authenticator& authenticator;
    const auth::TenantDirectory& directory;
    const base::Clock& clock;
    // As in RevocationLog.
    std::chrono::seconds token_lifetime;
  };

  explicit RevocationFeed(Deps deps)
      : deps_(deps),
        log_(deps.log, deps.sessions, deps.tenants, deps.clock, deps.token_lifetime),
        turns_(kMaxAsking) {}

  // Until the caller is gone, its access ends or its tenant has moved. `resume_index` as in
  // WatchRevocationsRequest.
  base::Task<absl::Status> Follow(base::CallContext ctx, int64_t resume_index,
                                  rpc::Writer<v1::WatchRevocationsResponse> writer);

 private:
  // The state of one stream.
  struct Stream;

  // Each false when the stream is gone.
  base::Task<absl::StatusOr<bool>> Begin(base::CallContext ctx, int64_t resume_index,
                                         Stream* stream);
  base::Task<absl::StatusOr<bool>> Turn(base::CallContext ctx, Stream* stream);
  // Says that the tenant has moved, if it has, and so ends: UNAVAILABLE, TENANT_MOVED.
  base::Task<absl::Status> EndIfMoved(base::CallContext ctx, Stream* stream);
  base::Task<bool> Write(RevocationLog::Page page, Stream* stream);
  base::Task<bool> WriteAsOf(base::SteadyTime known, Stream* stream);
  base::Task<void> WaitForMore(base::CallContext ctx, Stream* stream);

  v1::WatchRevocationsResponse Message(const Stream& stream) const;

  const Deps deps_;
  RevocationLog log_;
  base::Semaphore turns_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_REVOCATION_REVOCATION_FEED_H_
