#ifndef GATEHOUSE_SERVICE_USER_USER_LIMITS_H_
#define GATEHOUSE_SERVICE_USER_USER_LIMITS_H_

#include <string_view>

#include "absl/status/status.h"
#include "auth/limits/rate_limiter.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {
class EventStore;
}

namespace gatehouse::service {

// What is bounded of what users do about themselves, and what others do for them. In memory, for
// one instance. Thread-safe; outlives the calls, as do `events` and `clock`.
class UserLimits {
 public:
  // Names that a caller without users.read tries, for itself or for others, taken or free: enough
  // for a person who looks for one, too few to find out who has an account. Users who are made in
  // earnest do not count: a service that people sign up with makes as many as come.
  static constexpr auth::RateLimit kTriedNames = {.rate = 5.0 / 60, .burst = 10};
  // What a user gives as its current password: enough for one who has several, too few to guess.
  static constexpr auth::RateLimit kOwnPasswords = {.rate = 5.0 / 60, .burst = 5};
  // Codes of an app that a user tries to confirm it with.
  static constexpr auth::RateLimit kOwnCodes = {.rate = 5.0 / 60, .burst = 5};
  // One-time tokens that are made for one user: enough for one who lost some mails, too few to fill
  // a mailbox with.
  static constexpr auth::RateLimit kTokensOfUser = {.rate = 5.0 / 3600, .burst = 5};

  // One of them, counted by user.
  class Limit {
   public:
    Limit(std::string_view what, auth::RateLimit limit) : what_(what), buckets_(limit) {}

    // It did not count after all.
    void GiveBack(const base::CallContext& ctx, const base::Uuid& user_id) {
      buckets_.GiveBack(auth::LimitKey(ctx.principal().tenant_id, user_id));
    }

   private:
    friend class UserLimits;
    const std::string_view what_;
    auth::RateLimiter buckets_;
  };

  UserLimits(storage::EventStore& events, const base::Clock& clock)
      : events_(events), clock_(clock), recorded_(kRecorded) {}

  // RATE_LIMITED if `user_id`, of the tenant of the call, has had too many: the refusal is on
  // record then. `limit` is a member of this.
  base::Task<absl::Status> Take(base::CallContext ctx, Limit* limit, base::Uuid user_id);

  Limit tried_names{"names that a caller tries", kTriedNames};
  Limit own_passwords{"current passwords of a user", kOwnPasswords};
  Limit own_codes{"codes of an app to confirm", kOwnCodes};
  Limit tokens_of_user{"one-time tokens of a user", kTokensOfUser};

 private:
  // Of the refusals of one caller, which may call as fast as it can.
  static constexpr auth::RateLimit kRecorded = {.rate = 1.0 / 60, .burst = 5};

  storage::EventStore& events_;
  const base::Clock& clock_;
  auth::RateLimiter recorded_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_USER_LIMITS_H_
