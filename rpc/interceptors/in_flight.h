#ifndef GATEHOUSE_RPC_INTERCEPTORS_IN_FLIGHT_H_
#define GATEHOUSE_RPC_INTERCEPTORS_IN_FLIGHT_H_

#include <array>
#include <atomic>
#include <cstddef>

#include "absl/status/status.h"
#include "rpc/method/method_info.h"

namespace gatehouse::rpc {

// The calls in flight: how many there may be, and whose. Unary calls and streams have limits of
// their own, so that idle streams never keep logins out.
//
// The last places are not for everybody, so that nobody can take all of them: a part is for callers
// who are known, and a fifth of that part for methods that are served first. Thread-safe.
class InFlight {
 public:
  struct Limits {
    // With 2 ms per call this is 500,000 calls a second: a queue, not a rate.
    size_t unary = 1000;
    size_t streams = 10'000;
    // That part, in percent of each of them. Below a hundred.
    size_t known_percent = 25;
  };

  explicit InFlight(const Limits& limits);

  // OK: counts a call, until Return. Otherwise SERVER_OVERLOADED.
  absl::Status Take(const MethodInfo& method);
  void Return(const MethodInfo& method);

  // Of a call that counts, and whose method needs credentials: whether its caller may have them
  // looked up, which nobody has seen yet. Until that is done it is a stranger's.
  absl::Status CheckStranger(const MethodInfo& method) const;

 private:
  enum Rank { kStranger, kKnown, kFirst, kRanks };
  struct Kind {
    std::array<size_t, kRanks> limits;
    std::atomic<size_t> count = 0;
  };

  static std::array<size_t, kRanks> LimitsOf(size_t all, size_t known_percent);
  static Rank RankOf(const MethodInfo& method);
  static bool IsUnary(const MethodInfo& method) { return method.kind == MethodKind::kUnary; }
  static absl::Status TooMany(const MethodInfo& method, size_t limit, Rank rank);
  Kind& KindOf(const MethodInfo& method) { return IsUnary(method) ? unary_ : streams_; }

  Kind unary_;
  Kind streams_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_IN_FLIGHT_H_
