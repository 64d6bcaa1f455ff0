#ifndef GATEHOUSE_SERVICE_ADMIN_SERVER_ALERTS_H_
#define GATEHOUSE_SERVICE_ADMIN_SERVER_ALERTS_H_

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "auth/signing_key/keyring.h"
#include "auth/tenant/tenant_directory.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/worker.h"
#include "service/worker/periodic_worker.h"
#include "storage/alert/alert_store.h"
#include "storage/server/server_store.h"

namespace gatehouse::service {

// Makes alerts of what is wrong with the server itself, for those who do not ask for its health.
// They are the default tenant's. Every instance looks; the alert is the same for all.
//
// A server without a problem costs one statement a minute, and one more at its start, which takes
// back what an instance before it has told.
class ServerAlerts final : public base::Worker {
 public:
  // All of it outlives this.
  struct Deps {
    storage::ServerStore& server;
    storage::AlertStore& alerts;
    const auth::Keyring& keyring;
    const auth::TenantDirectory& tenants;
    const base::Clock& clock;
  };

  ServerAlerts(base::Loop& loop, Deps deps);

  void Start() override { turns_.Start(); }
  void Stop(std::chrono::milliseconds grace) override { turns_.Stop(grace); }

  // One turn by hand. Not while started. Loop thread.
  base::Task<absl::Status> RunOnce(base::CallContext ctx);

 private:
  // What becomes of the alert of a kind if `problem` is what is wrong, or nothing.
  void Add(storage::AlertKind kind, const std::string& problem, base::Time now,
           std::vector<storage::AlertSignal>& signals) const;

  const Deps deps_;
  // Told, or perhaps by somebody before.
  std::set<storage::AlertKind> open_ = {storage::AlertKind::kLogHalted,
                                        storage::AlertKind::kPartitionLate,
                                        storage::AlertKind::kSigningKeyOverdue};
  PeriodicWorker turns_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ADMIN_SERVER_ALERTS_H_
