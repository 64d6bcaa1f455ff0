#ifndef GATEHOUSE_SERVICE_MAIN_AREA_WORKER_AREA_H_
#define GATEHOUSE_SERVICE_MAIN_AREA_WORKER_AREA_H_

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "auth/password/password_hasher.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/admin/server_alerts.h"
#include "service/config/config.h"
#include "service/delivery/backlog_watch.h"
#include "service/delivery/webhook_engine.h"
#include "service/event_log/partition_worker.h"
#include "service/event_log/revocation_follower.h"
#include "service/event_log/sequencer_worker.h"
#include "service/mail/alert/alert_mailer.h"
#include "service/mail/outbox/mail_composer.h"
#include "service/mail/outbox/mail_worker.h"
#include "service/mail/request/request_answerer.h"
#include "service/main/area/auth_area.h"
#include "service/main/area/storage_area.h"
#include "service/main/worker_list.h"
#include "service/retention/retention_worker.h"
#include "service/session/login/login_failures_worker.h"
#include "service/webhook/replay/replay_worker.h"
#include "service/worker/periodic_worker.h"
#include "storage/event_log/log_listener.h"
#include "storage/user/user_store.h"

namespace gatehouse::service {

// What runs without being called. All of it on one loop. Command-line tools make
// it, since services know the deliverer, and do not start it.
class WorkerArea {
 public:
  // `instance_id` names the server in the leases of webhook endpoints; `guard` says which
  // addresses they may have. `forget_event_types`: another instance changed a tenant's catalogue.
  // `proxy_credentials`: for webhook.proxy_url; empty: it asks for none. `mail_delivery`: nullopt
  // without a mail server.
  WorkerArea(const config::Config& config, delivery::AddressGuard guard,
             std::string proxy_credentials, const base::Uuid& instance_id, base::Loop& loop,
             StorageArea& storage, AuthArea& auth, const base::Clock& clock,
             RevocationFollower::ForgetEventTypes forget_event_types,
             std::optional<mail::MailDelivery> mail_delivery = std::nullopt);

  // Blocks until the first partitions are there, the position in the log is known
  // and so is what stored passwords cost: all must be so before the first call.
  absl::Status Start();

  // Deliveries under way get `grace` to end. Idempotent.
  void Stop(std::chrono::milliseconds grace) { workers_.Stop(grace); }

  // For what changes endpoints.
  delivery::WebhookEngine& webhooks() { return webhooks_; }
  delivery::BacklogWatch& backlogs() { return backlogs_; }

  // For what describes their figures.
  const delivery::WebhookEngine& webhooks() const { return webhooks_; }
  const delivery::BacklogWatch& backlogs() const { return backlogs_; }
  const SequencerWorker& sequencer() const { return sequencer_; }
  const ReplayWorker& replays() const { return replays_; }
  const RetentionWorker& retention() const { return retention_; }
  const mail::MailWorker& mails() const { return mails_; }

 private:
  base::Task<absl::Status> Prepare();

  base::Task<absl::Status> LearnPasswordCosts(base::CallContext ctx);

  base::Loop& loop_;
  storage::UserStore& users_;
  auth::PasswordHasher& hasher_;
  PartitionWorker partitions_;
  SequencerWorker sequencer_;
  RevocationFollower revocations_;
  // Past a pooler, behind which nobody can listen.
  storage::LogListener listener_;
  delivery::WebhookEngine webhooks_;
  delivery::BacklogWatch backlogs_;
  PeriodicWorker backlogs_turns_;
  PeriodicWorker standby_;
  ReplayWorker replays_;
  mail::MailComposer mail_composer_;
  mail::RequestAnswerer mail_answerer_;
  mail::AlertMailer alert_mailer_;
  mail::MailWorker mails_;
  PeriodicWorker key_rotation_;
  RetentionWorker retention_;
  PeriodicWorker ended_sessions_;
  PeriodicWorker threads_purge_;
  PeriodicWorker imports_purge_;
  PeriodicWorker mails_purge_;
  PeriodicWorker idle_subscriptions_;
  PeriodicWorker client_certificates_;
  LoginFailuresWorker login_failures_;
  PeriodicWorker password_costs_;
  ServerAlerts server_alerts_;
  // Last: its end stops them.
  WorkerList workers_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AREA_WORKER_AREA_H_
