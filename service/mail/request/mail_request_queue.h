#ifndef GATEHOUSE_SERVICE_MAIL_REQUEST_MAIL_REQUEST_QUEUE_H_
#define GATEHOUSE_SERVICE_MAIL_REQUEST_MAIL_REQUEST_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "auth/limits/rate_limiter.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/mail/outbox/mail_composer.h"
#include "storage/mail/mail.h"
#include "storage/mail/mail_store.h"

namespace gatehouse::service::mail {

// Takes requests for mails from callers without credentials, who say by what they log in.
//
// A call writes down what it was asked and looks at nothing else: that is the same statement, row
// and time for somebody's login and for nobody's. Who it is finds the worker that answers
// (RequestAnswerer), after the call. The limits, too, count what was asked, not who was found.
//
// Thread-safe; limits are in memory, for one instance. What it is made of outlives it.
class MailRequestQueue {
 public:
  // Mails that are asked for by one login: enough for one who lost some, too few to fill a mailbox.
  static constexpr auth::RateLimit kOfLogin = {.rate = 5.0 / 3600, .burst = 3};
  // From one client: an office behind one address has many people, and one who tries logins by the
  // thousand has one address.
  static constexpr auth::RateLimit kOfClient = {.rate = 60.0 / 3600, .burst = 30};

  MailRequestQueue(storage::MailStore& mails, const MailComposer& composer,
                   const base::Clock& clock)
      : mails_(mails), composer_(composer), clock_(clock) {}

  // MAIL_NOT_CONFIGURED; INVALID_FIELD about `login`; RATE_LIMITED.
  base::Task<absl::Status> Ask(base::CallContext ctx, storage::MailKind kind, std::string login);

  // From any thread.
  int64_t asked() const { return asked_; }
  int64_t refused() const { return refused_; }

 private:
  absl::Status TakeFrom(auth::RateLimiter& limit, std::string_view key, std::string_view what);

  storage::MailStore& mails_;
  const MailComposer& composer_;
  const base::Clock& clock_;
  auth::RateLimiter of_login_{kOfLogin};
  auth::RateLimiter of_client_{kOfClient};
  std::atomic<int64_t> asked_ = 0;
  std::atomic<int64_t> refused_ = 0;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_REQUEST_MAIL_REQUEST_QUEUE_H_
