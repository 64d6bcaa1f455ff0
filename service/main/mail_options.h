#ifndef GATEHOUSE_SERVICE_MAIN_MAIL_OPTIONS_H_
#define GATEHOUSE_SERVICE_MAIN_MAIL_OPTIONS_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/mail/outbox/mail_composer.h"
#include "service/mail/outbox/mail_worker.h"

namespace gatehouse::service {

// What the settings say of mails that are made.
mail::MailComposer::Options ComposerOptionsOf(const config::MailSettings& config);

// All that is wrong with what they say of mails that are sent, each INVALID_FIELD: settings that do
// not go together, and files and templates that cannot be used. Without a mail server nothing is.
std::vector<absl::Status> FindMailFaults(const config::MailSettings& config);

// What they say of mails that are sent; nullopt without a mail server. The first of those faults if
// there are any.
absl::StatusOr<std::optional<mail::MailDelivery>> MailDeliveryOf(
    const config::MailSettings& config);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_MAIL_OPTIONS_H_
