#ifndef GATEHOUSE_RPC_INTERCEPTORS_FAILURE_LOG_H_
#define GATEHOUSE_RPC_INTERCEPTORS_FAILURE_LOG_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/async/mutex.h"
#include "base/log_line.h"
#include "base/time.h"
#include "base/token_bucket.h"

namespace gatehouse::rpc {

// Which failed calls get a line of the log each. A caller gets some a second; its calls beyond are
// counted, and from time to time a line says how many there were of each kind. So a caller whose
// calls all fail fills no disk and hides no other's, and how many calls failed, and whose, is in
// the log all the same. Thread-safe.
class FailureLog {
 public:
  struct Limits {
    // Lines of one caller. Rate 0: every failed call has its own.
    base::RateLimit per_caller{.rate = 10, .burst = 100};
    // Of all callers: for attacks from many addresses.
    base::RateLimit in_all{.rate = 200, .burst = 2'000};
    // Callers that are told apart between two times of Collect. The calls of more are nobody's.
    size_t callers = 10'000;
  };

  // A caller is a principal, or an address where there is none.
  struct Caller {
    std::string key;
    std::string peer;
    std::string principal;
    std::string tenant;
  };
  struct Kind {
    std::string method;
    std::string code;
    std::string reason;
    base::LogLevel level = base::LogLevel::kInfo;

    friend bool operator==(const Kind&, const Kind&) = default;
  };
  struct Count {
    Caller caller;
    Kind kind;
    uint64_t calls = 0;
  };

  explicit FailureLog(const Limits& limits) : limits_(limits), in_all_(limits.in_all, {}) {}

  // True: a line for this call. Otherwise it was counted.
  bool Take(const Caller& caller, const Kind& kind, base::SteadyTime now) GH_EXCLUDES(mutex_);

  // Whether Collect may have something. Cheap.
  bool has_counts() const { return has_counts_.load(std::memory_order_relaxed); }
  // What was counted since the last time, once that is some seconds ago; with `all` at once.
  std::vector<Count> Collect(base::SteadyTime now, bool all = false) GH_EXCLUDES(mutex_);

 private:
  struct State {
    Caller caller;
    base::TokenBucket lines;
    std::vector<Count> counts;
  };

  State& Find(const Caller& caller, base::SteadyTime now) GH_REQUIRES(mutex_);
  // Drops callers of whom nothing needs to be known. Looks at all of them, so not too often.
  void Forget(base::SteadyTime now) GH_REQUIRES(mutex_);

  const Limits limits_;
  std::atomic<bool> has_counts_ = false;
  base::Mutex mutex_;
  base::TokenBucket in_all_ GH_GUARDED_BY(mutex_);
  std::unordered_map<std::string, State> callers_ GH_GUARDED_BY(mutex_);
  // When the first of the present counts was made.
  base::SteadyTime counts_since_ GH_GUARDED_BY(mutex_);
  base::SteadyTime forgot_at_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_FAILURE_LOG_H_
