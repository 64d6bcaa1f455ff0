#ifndef GATEHOUSE_SERVICE_USER_USER_MAILS_H_
#define GATEHOUSE_SERVICE_USER_USER_MAILS_H_

#include "base/time.h"
#include "service/mail/outbox/mail_composer.h"
#include "storage/change.h"
#include "storage/user/user.h"

namespace gatehouse::service {

// Adds a mail to the address that the user had, if it has another one now, or none: whoever took
// the account over would not tell. Nothing where the server sends no mail.
void TellFormerAddress(const mail::MailComposer& composer, const storage::User& before,
                       const storage::User& after, base::Time now, storage::Change& change);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_USER_MAILS_H_
