#include "rpc/interceptors/admission_interceptor.h"

#include <chrono>
#include <string>

#include "base/status.h"

namespace gatehouse::rpc {
namespace {

// Long enough for the calls in flight to end, short enough not to be noticed.
constexpr std::chrono::milliseconds kRetryAfter(100);

}  // namespace

std::atomic<size_t>& AdmissionInterceptor::CounterOf(const MethodInfo& method) {
  return method.kind == MethodKind::kUnary ? unary_ : streams_;
}

Decision AdmissionInterceptor::Before(ServerCall& call) {
  const MethodInfo& method = call.method();
  if (method.exempt_from_admission) return Decision::Continue();
  const bool unary = method.kind == MethodKind::kUnary;
  const size_t limit = unary ? limits_.unary : limits_.streams;
  std::atomic<size_t>& counter = CounterOf(method);
  if (counter.fetch_add(1, std::memory_order_relaxed) < limit) return Decision::Continue();
  counter.fetch_sub(1, std::memory_order_relaxed);
  return base::MakeError(absl::StatusCode::kResourceExhausted, "too many calls are in flight",
                         {.reason = base::Reason::kServerOverloaded,
                          .metadata = {{"limit", std::to_string(limit)}},
                          .retry_after = kRetryAfter,
                          .quota = unary ? "calls in flight" : "streams in flight"});
}

void AdmissionInterceptor::After(ServerCall& call, absl::Status& status) {
  if (call.method().exempt_from_admission) return;
  CounterOf(call.method()).fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace gatehouse::rpc
