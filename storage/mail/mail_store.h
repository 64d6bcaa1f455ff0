#ifndef GATEHOUSE_STORAGE_MAIL_MAIL_STORE_H_
#define GATEHOUSE_STORAGE_MAIL_MAIL_STORE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/mail/mail.h"
#include "storage/mail/mail_seal.h"
#include "storage/sealing_keys.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// The outbox: mails that wait to be sent. They are written with the changes that they are about
// (Change::mails); what is here sends them. Several instances do at once: each has what it has
// taken to itself for a while, and what it does to that counts only while nobody took it after.
//
// Immutable; any thread that may use the database. Outlived by the database.
class MailStore {
 public:
  // `keys` open what mails hold.
  MailStore(postgres::Database& database, SealingKeys keys)
      : database_(database), seal_(std::move(keys)) {}

  // A request by somebody who says who they are (MailState::kRequested). No change of anything, so
  // without an event: what comes of it has one.
  base::Task<absl::Status> Request(base::CallContext ctx, Mail request);

  struct Take {
    base::Time now;
    // How long the caller has them to itself.
    std::chrono::milliseconds lease;
    int64_t limit = 0;
  };
  // What is due, of all tenants by turns. One that cannot be opened, since the master key is
  // another one by now, has no content.
  base::Task<absl::StatusOr<std::vector<TakenMail>>> TakeDue(base::CallContext ctx, Take take);

  // It was sent. ABORTED, CONFLICT if somebody else has it by now, and sends it again.
  base::Task<absl::Status> Sent(base::CallContext ctx, TakenMail mail, MailOutcome outcome,
                                base::Time now);

  // It is not sent. CONFLICT as above.
  base::Task<absl::Status> GiveUp(base::CallContext ctx, TakenMail mail, MailOutcome outcome,
                                  base::Time now, Change change);

  // It is tried again at `due`, unless somebody else has it by now. `counts`: the attempt was one.
  base::Task<absl::Status> Delay(base::CallContext ctx, TakenMail mail, MailOutcome outcome,
                                 base::Time due, bool counts);

  // There is nothing to answer.
  base::Task<absl::Status> DropRequest(base::CallContext ctx, TakenMail request);

  // At most `limit` of those about a user, in the order in which they were made, behind the one of
  // that id.
  base::Task<absl::StatusOr<std::vector<KeptMail>>> ListOfUser(base::CallContext ctx,
                                                               base::Uuid tenant_id,
                                                               base::Uuid user_id, base::Uuid after,
                                                               int64_t limit);

  // Deletes at most `limit` that were sent or given up before `before`; returns how many.
  base::Task<absl::StatusOr<int64_t>> Purge(base::CallContext ctx, base::Uuid tenant_id,
                                            base::Time before, int64_t limit);

  struct Place {
    base::Uuid tenant_id;
    base::Uuid mail_id;
  };
  // Of the next `limit` after `after` that wait: seals under the first master key what is under the
  // second. `change` is not made where there is nothing to do.
  base::Task<absl::StatusOr<Resealed<Place>>> Reseal(base::CallContext ctx, Place after,
                                                     int64_t limit, Change change);

 private:
  postgres::Database& database_;
  const MailSeal seal_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_MAIL_MAIL_STORE_H_
