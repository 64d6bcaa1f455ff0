#ifndef GATEHOUSE_STORAGE_MAIL_MAIL_BATCH_H_
#define GATEHOUSE_STORAGE_MAIL_MAIL_BATCH_H_

#include <span>

#include "storage/mail/mail.h"

namespace gatehouse::storage {

namespace postgres {
class Batch;
}

// Adds the statements that write `mails`, one for all that are new and one for each that takes the
// place of a request: ABORTED, CONFLICT, which undoes the whole batch, if somebody else has taken
// that meanwhile. None if there are none.
void AppendMails(postgres::Batch& batch, std::span<const Mail> mails);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_MAIL_MAIL_BATCH_H_
