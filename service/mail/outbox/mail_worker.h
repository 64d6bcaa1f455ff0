#ifndef GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_WORKER_H_
#define GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_WORKER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/async/task_group.h"
#include "base/call_context.h"
#include "base/pause.h"
#include "base/time.h"
#include "base/worker.h"
#include "service/mail/alert/alert_mailer.h"
#include "service/mail/message/mailbox.h"
#include "service/mail/outbox/mail_content.h"
#include "service/mail/request/request_answerer.h"
#include "service/mail/smtp/smtp_sender.h"
#include "service/mail/template/mail_templates.h"
#include "service/worker/periodic_worker.h"
#include "storage/mail/mail_store.h"

namespace gatehouse::service::mail {

// How mails are sent, of which there is something only where a mail server is configured.
struct MailDelivery {
  SmtpServer server;
  // At a time.
  size_t connections = 4;
  Mailbox from;
  std::string from_name;
  MailTemplates templates;
};

// Sends what is in the outbox, answers requests for mails, and makes mails of alerts: every second,
// some at a time, from any number of instances.
//
// At least once: an instance that is killed after the server took a mail and before that was
// written sends it again when its lease is over, with the same Message-ID. A server that cannot be
// reached or refuses everybody is left alone for a while by this instance, longer each time; every
// mail also has its own pauses, and is given up, with an event, when it is of no use any more or
// was tried too often.
//
// Thread: the loop's. A stop cancels the turn under way; what was being sent is sent or freed for
// the next instance, within five seconds.
class MailWorker final : public base::Worker {
 public:
  // All of it outlives this.
  struct Deps {
    storage::MailStore& mails;
    const RequestAnswerer& answerer;
    const AlertMailer& alerts;
    const base::Clock& clock;
  };

  // A mail that was taken is somebody else's so long after the longest attempt.
  static constexpr std::chrono::milliseconds kLeaseMargin{30'000};
  static constexpr int32_t kMaxAttempts = 25;

  struct Stats {
    int64_t sent = 0;
    // Attempts after which there is another one.
    int64_t delayed = 0;
    int64_t given_up = 0;
    int64_t requests_answered = 0;
    int64_t requests_dropped = 0;
    // The mail server is left alone.
    bool paused = false;
  };

  // Without `delivery` it does nothing.
  MailWorker(base::Loop& loop, Deps deps, std::optional<MailDelivery> delivery);
  ~MailWorker() override;

  void Start() override;
  void Stop(std::chrono::milliseconds grace) override;

  // One turn: until nothing is due, or the server makes trouble. Not while started.
  base::Task<absl::Status> RunOnce(base::CallContext ctx);

  // From any thread.
  Stats stats() const;

 private:
  struct Batch;

  // False if there is nothing more to do now.
  base::Task<absl::StatusOr<bool>> RunBatch(base::CallContext ctx);
  base::Task<void> Handle(base::CallContext ctx, storage::TakenMail mail,
                          std::shared_ptr<Batch> batch);
  base::Task<absl::Status> Answer(base::CallContext ctx, storage::TakenMail request);
  base::Task<absl::Status> Send(base::CallContext ctx, storage::TakenMail mail, Batch* batch);
  base::Task<absl::Status> Finish(base::CallContext ctx, storage::TakenMail mail,
                                  SmtpResult result);
  base::Task<absl::Status> TryLater(base::CallContext ctx, storage::TakenMail mail,
                                    storage::MailOutcome outcome);
  base::Task<absl::Status> GiveUp(base::CallContext ctx, storage::TakenMail mail,
                                  storage::MailOutcome outcome);
  void OnBatch(const Batch& batch);

  base::Loop& loop_;
  const Deps deps_;
  const std::optional<MailDelivery> delivery_;
  std::unique_ptr<SmtpSender> sender_;
  // Batches in a row in which the server took nothing.
  int troubles_ = 0;
  base::Pause pause_;
  std::atomic<int64_t> sent_ = 0;
  std::atomic<int64_t> delayed_ = 0;
  std::atomic<int64_t> given_up_ = 0;
  std::atomic<int64_t> answered_ = 0;
  std::atomic<int64_t> dropped_ = 0;
  std::atomic<bool> paused_ = false;
  PeriodicWorker turns_;
  // What a turn waits for.
  base::TaskGroup sends_;
};

// When to try again what failed for the `attempt`th time.
base::Duration RetryPause(int32_t attempt);

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_WORKER_H_
