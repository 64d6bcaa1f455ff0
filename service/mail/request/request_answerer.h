#ifndef GATEHOUSE_SERVICE_MAIL_REQUEST_REQUEST_ANSWERER_H_
#define GATEHOUSE_SERVICE_MAIL_REQUEST_REQUEST_ANSWERER_H_

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/token/one_time_token.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/mail/outbox/mail_composer.h"
#include "storage/change.h"
#include "storage/mail/mail_store.h"
#include "storage/one_time_token/one_time_token_store.h"
#include "storage/user/user_store.h"

namespace gatehouse::service::mail {

// Finds out who asked for a mail (MailRequestQueue), makes the token and puts the mail in the place
// of the request, in one transaction: a kill in between leaves the request, which is answered by
// whoever takes it next.
//
// Immutable; any loop. What it is made of outlives it.
class RequestAnswerer {
 public:
  struct Deps {
    storage::MailStore& mails;
    storage::UserStore& users;
    storage::OneTimeTokenStore& tokens;
    const auth::OneTimeTokenCodec& codec;
    const MailComposer& composer;
    const base::Clock& clock;
  };

  // A user gets no second mail within this time, from whichever instance.
  static constexpr std::chrono::seconds kResendPause{60};
  static constexpr std::chrono::hours kResetLifetime{1};
  static constexpr std::chrono::minutes kMagicLinkLifetime{15};

  explicit RequestAnswerer(Deps deps) : deps_(deps) {}

  // True if there is a mail to be sent now; false if the request was nobody's, came too soon, or
  // cannot be answered by a mail, and is gone.
  base::Task<absl::StatusOr<bool>> Answer(base::CallContext ctx, storage::TakenMail request) const;

 private:
  // As Answer, but ABORTED, CONFLICT if the user was changed meanwhile, or another request of it
  // was answered.
  base::Task<absl::StatusOr<bool>> TryToAnswer(base::CallContext ctx,
                                               storage::TakenMail request) const;
  // Who gets a mail; nullopt if nobody does.
  base::Task<absl::StatusOr<std::optional<storage::User>>> FindUser(base::CallContext ctx,
                                                                    storage::TakenMail request,
                                                                    std::string login_key) const;

  const Deps deps_;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_REQUEST_REQUEST_ANSWERER_H_
