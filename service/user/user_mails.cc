#include "service/user/user_mails.h"

#include <utility>

#include "absl/status/statusor.h"

namespace gatehouse::service {

void TellFormerAddress(const mail::MailComposer& composer, const storage::User& before,
                       const storage::User& after, base::Time now, storage::Change& change) {
  if (!before.email || before.email_key == after.email_key) return;
  // One that cannot be written to never got a mail.
  absl::StatusOr<storage::Mail> mail = composer.ForChangedEmail(before, now);
  if (mail.ok()) change.mails.push_back(*std::move(mail));
}

}  // namespace gatehouse::service
