#ifndef GATEHOUSE_SERVICE_SESSION_REVOCATION_REVOCATION_LOG_H_
#define GATEHOUSE_SERVICE_SESSION_REVOCATION_REVOCATION_LOG_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "gatehouse/v1/session_revocation.pb.h"
#include "storage/event_log/event_log.h"
#include "storage/session/session_store.h"
#include "storage/tenant/tenant.h"
#include "storage/tenant/tenant_store.h"

namespace gatehouse::service {

// What does not count any more in the tenant of a caller, as its log says it. Keeps nothing: what
// is live is what the log says of the last minutes.
//
// Stateless; any loop. What it is given outlives it.
class RevocationLog {
 public:
  // `token_lifetime`: how long an access token lives after its making, by any instance's clock.
  RevocationLog(storage::EventLog& log, storage::SessionStore& sessions,
                storage::TenantStore& tenants, const base::Clock& clock,
                std::chrono::seconds token_lifetime)
      : log_(log),
        sessions_(sessions),
        tenants_(tenants),
        clock_(clock),
        token_lifetime_(token_lifetime) {}

  // Of the events that say so.
  static const std::vector<std::string>& Types();

  struct Bounds {
    // Nothing before concerns a token that still lives.
    int64_t oldest = 1;
    int64_t head = 0;
  };
  base::Task<absl::StatusOr<Bounds>> Live(base::CallContext ctx);

  // The tenant as it is now: what the log says of it up to now is in it. nullopt if it is nowhere
  // to be found, as one that is always active.
  base::Task<absl::StatusOr<std::optional<storage::Tenant>>> ReadTenant(base::CallContext ctx);

  struct Page {
    std::vector<v1::Revocation> revocations;
    // Set if the tenant was changed: what it is by now.
    std::optional<storage::Tenant> tenant;
    // Everything up to here is in `revocations`: go on one above. Below `from` if there is nothing
    // new.
    int64_t last_index = 0;
    int64_t head_index = 0;
  };
  // From the index `from` on; a bounded number of events.
  base::Task<absl::StatusOr<Page>> Read(base::CallContext ctx, int64_t from);

 private:
  // How long a revocation is of use.
  base::Duration Window() const;
  base::Task<absl::Status> AddEnded(base::CallContext ctx, std::vector<storage::LoggedEvent> events,
                                    Page* page);

  storage::EventLog& log_;
  storage::SessionStore& sessions_;
  storage::TenantStore& tenants_;
  const base::Clock& clock_;
  const std::chrono::seconds token_lifetime_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_REVOCATION_REVOCATION_LOG_H_
