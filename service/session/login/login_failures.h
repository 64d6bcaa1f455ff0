#ifndef GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_H_
#define GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "auth/limits/rate_limiter.h"
#include "base/async/mutex.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event.h"

namespace gatehouse::storage {
class EventStore;
}

namespace gatehouse::service {

// Bounds how often an address may fail to log in to an account, and puts failures on record.
//
// The lock is on the pair of account and address: nobody can lock an owner out from
// elsewhere. It is soft, a token bucket that fills up by itself. The account is the key of what
// was typed, so that one which does not exist is treated as one that does.
//
// The first failures of an address have an event each. Beyond a rate they are counted, by
// account and address, and WriteCounted makes one event of each count.
//
// In memory, for one instance. Bounded and thread-safe; outlives the calls.
class LoginFailures {
 public:
  // How many of one address are recorded one by one. Nobody may delete from the log, so who
  // sends failures as fast as they can must not fill it up.
  static constexpr auth::RateLimit kRecorded = {.rate = 1, .burst = 60};

  struct Options {
    // Of one account from one address; a rate of 0: no limit.
    auth::RateLimit limit;
    auth::RateLimit recorded = kRecorded;
    // Counts at a time. Beyond it every failure has its own event again: none is lost.
    size_t max_counted = 16 * 1024;
  };

  // `events` and `clock` outlive this.
  LoginFailures(storage::EventStore& events, const base::Clock& clock, Options options);

  // An attempt to log in.
  struct Attempt {
    // Stands for the account as typed and the address: a digest, since what was typed may
    // have been a password.
    std::string key;
  };
  static Attempt Of(const base::CallContext& ctx, const std::string& account_key);

  // Before the password is hashed: counts the attempt as a failed one. RATE_LIMITED if there
  // were too many; the refusal is on record then.
  base::Task<absl::Status> Begin(base::CallContext ctx, Attempt attempt);
  // It was none: the password was right, or could not be looked at.
  void TakeBack(const Attempt& attempt);
  // Puts it on record. `user`: whose password it was not, as the target of events.
  base::Task<absl::Status> Failed(base::CallContext ctx, Attempt attempt,
                                  std::optional<storage::EventTarget> user);

  // Writes an event for each count, and begins anew. What cannot be written stays counted.
  base::Task<absl::Status> WriteCounted(base::CallContext ctx);

  uint64_t refused() const { return refused_; }
  // What an event would be written of.
  size_t counted() const;

 private:
  struct Count {
    base::Uuid tenant_id;
    std::string address;
    std::optional<storage::EventTarget> user;
    int64_t failed = 0;
    int64_t refused = 0;
    base::Time first;
    base::Time last;
    // Since WriteCounted last looked: whose account it is is remembered for as long.
    bool touched = false;

    int64_t total() const { return failed + refused; }
    void Add(const Count& other);
  };

  // False if there is no room for another.
  bool Note(const std::string& key, const Count& more);
  // Takes the count of the first key from `from` on that has one, and moves `from` behind it.
  std::optional<Count> TakeCount(std::string& from);
  storage::Event EventOf(const base::CallContext& ctx, const Count& count) const;

  storage::EventStore& events_;
  const base::Clock& clock_;
  const size_t max_counted_;
  auth::RateLimiter limiter_;
  auth::RateLimiter recorded_;
  std::atomic<uint64_t> refused_ = 0;
  mutable base::Mutex mutex_;
  // By Attempt::key; for accounts that do not exist all of one address in one.
  std::map<std::string, Count> counts_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_H_
