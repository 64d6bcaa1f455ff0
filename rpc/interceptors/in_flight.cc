#include "rpc/interceptors/in_flight.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/status.h"

namespace gatehouse::rpc {
namespace {

// Long enough for the calls in flight to end, short enough not to be noticed.
constexpr std::chrono::milliseconds kRetryAfter(100);

// Of what is kept for callers who are known: one part in so many for methods that are served first,
// which are over in no time.
constexpr size_t kPartsOfKnown = 5;

}  // namespace

InFlight::InFlight(const Limits& limits)
    : unary_{.limits = LimitsOf(limits.unary, limits.known_percent)},
      streams_{.limits = LimitsOf(limits.streams, limits.known_percent)} {}

// Rounded so that a few places are everybody's.
std::array<size_t, InFlight::kRanks> InFlight::LimitsOf(size_t all, size_t known_percent) {
  const size_t known = all * known_percent / 100;
  return {all - known, all - known / kPartsOfKnown, all};
}

InFlight::Rank InFlight::RankOf(const MethodInfo& method) {
  if (method.access.is_public) return kStranger;
  return method.served_first ? kFirst : kKnown;
}

absl::Status InFlight::Take(const MethodInfo& method) {
  Kind& kind = KindOf(method);
  const Rank rank = RankOf(method);
  if (kind.count.fetch_add(1, std::memory_order_relaxed) < kind.limits[rank]) {
    return absl::OkStatus();
  }
  Return(method);
  return TooMany(method, kind.limits[rank], rank);
}

void InFlight::Return(const MethodInfo& method) {
  KindOf(method).count.fetch_sub(1, std::memory_order_relaxed);
}

absl::Status InFlight::CheckStranger(const MethodInfo& method) const {
  const Kind& kind = IsUnary(method) ? unary_ : streams_;
  // This one is among them.
  if (kind.count.load(std::memory_order_relaxed) <= kind.limits[kStranger]) {
    return absl::OkStatus();
  }
  return TooMany(method, kind.limits[kStranger], kStranger);
}

absl::Status InFlight::TooMany(const MethodInfo& method, size_t limit, Rank rank) {
  std::string quota = IsUnary(method) ? "calls in flight" : "streams in flight";
  if (rank == kStranger) quota += " of strangers";
  return base::MakeError(absl::StatusCode::kResourceExhausted, "too many calls are in flight",
                         {.reason = base::Reason::kServerOverloaded,
                          .metadata = {{"limit", std::to_string(limit)}},
                          .retry_after = kRetryAfter,
                          .quota = std::move(quota)});
}

}  // namespace gatehouse::rpc
