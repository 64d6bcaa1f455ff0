#ifndef GATEHOUSE_SERVICE_MAIL_ALERT_ALERT_MAILER_H_
#define GATEHOUSE_SERVICE_MAIL_ALERT_ALERT_MAILER_H_

#include <vector>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/mail/outbox/mail_composer.h"
#include "storage/alert/alert_destination_store.h"
#include "storage/alert/alert_store.h"

namespace gatehouse::service::mail {

// Makes mails of the notices that alerts leave for those who are told of them (alert_notice): one
// for each address, in the transaction that says that it was told. Of several instances at one
// notice the first goes on; the others find that it has changed.
//
// Immutable; any loop. What it is made of outlives it.
class AlertMailer {
 public:
  struct Deps {
    storage::AlertStore& alerts;
    storage::AlertDestinationStore& destinations;
    const MailComposer& composer;
    const base::Clock& clock;
  };

  explicit AlertMailer(Deps deps) : deps_(deps) {}

  // Looks at what is due, a bounded number.
  base::Task<absl::Status> RunOnce(base::CallContext ctx) const;

 private:
  base::Task<absl::Status> Look(base::CallContext ctx, storage::AlertNotice notice) const;
  std::vector<storage::Mail> MailsOf(const storage::AlertDestination& destination,
                                     const storage::Alert& alert, base::Time now) const;

  const Deps deps_;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_ALERT_ALERT_MAILER_H_
