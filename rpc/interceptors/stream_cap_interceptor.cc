#include "rpc/interceptors/stream_cap_interceptor.h"

#include <chrono>
#include <string>

#include "base/status.h"

namespace gatehouse::rpc {
namespace {

// Streams are held for long: there is no use in asking again at once.
constexpr std::chrono::seconds kRetryAfter(5);

bool IsAnonymous(const base::CallContext& context) {
  return context.principal().kind == base::Principal::Kind::kAnonymous;
}

// Addresses have another length than ids. Callers may choose the ids of users, so that those of two
// tenants may be the same.
std::string CallerOf(const base::CallContext& context) {
  if (IsAnonymous(context)) return context.client_key();
  const base::Principal& principal = context.principal();
  return std::string(principal.tenant_id.bytes()) + std::string(principal.id.bytes());
}

absl::Status TooMany(base::Reason reason, size_t limit, std::string quota) {
  return base::MakeError(absl::StatusCode::kResourceExhausted, "too many streams are open",
                         {.reason = reason,
                          .metadata = {{"limit", std::to_string(limit)}},
                          .retry_after = kRetryAfter,
                          .quota = std::move(quota)});
}

}  // namespace

absl::Status StreamCapInterceptor::Take(const base::CallContext& context, bool anonymous) {
  const base::MutexLock lock(mutex_);
  if (anonymous && anonymous_ >= limits_.public_in_all) {
    return TooMany(base::Reason::kServerOverloaded, limits_.public_in_all,
                   "streams without credentials");
  }
  const size_t limit = anonymous ? limits_.public_per_address : limits_.per_principal;
  const auto [it, added] = by_caller_.emplace(CallerOf(context), 0);
  if (it->second >= limit) {
    // Nothing is kept of a caller who has no stream, which a limit of zero makes of everybody.
    if (added) by_caller_.erase(it);
    return TooMany(base::Reason::kRateLimited, limit,
                   anonymous ? "streams of an address" : "streams of a principal");
  }
  ++it->second;
  anonymous_ += anonymous ? 1 : 0;
  return absl::OkStatus();
}

size_t StreamCapInterceptor::callers() const {
  const base::MutexLock lock(mutex_);
  return by_caller_.size();
}

Decision StreamCapInterceptor::Before(ServerCall& call) {
  if (call.method().kind == MethodKind::kUnary) return Decision::Continue();
  return Take(call.context(), IsAnonymous(call.context()));
}

void StreamCapInterceptor::After(ServerCall& call, absl::Status& status) {
  if (call.method().kind == MethodKind::kUnary) return;
  const base::MutexLock lock(mutex_);
  if (IsAnonymous(call.context())) --anonymous_;
  const auto it = by_caller_.find(CallerOf(call.context()));
  if (--it->second == 0) by_caller_.erase(it);
}

}  // namespace gatehouse::rpc
