#include "rpc/interceptors/access_log_interceptor.h"

#include <chrono>
#include <string>

#include "base/log_line.h"
#include "base/status.h"

namespace gatehouse::rpc {
namespace {

base::LogLevel LevelOf(const absl::Status& status) {
  // The caller did nothing wrong: this is for who runs the server.
  if (base::HasReason(status, base::Reason::kSchemaMismatch)) return base::LogLevel::kWarning;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return base::LogLevel::kDebug;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return base::LogLevel::kWarning;
    default:
      return base::LogLevel::kInfo;
  }
}

FailureLog::Caller CallerOf(const base::CallContext& context) {
  const base::Principal& principal = context.principal();
  const std::string id = principal.id.is_nil() ? std::string() : principal.id.ToString();
  return {.key = id.empty() ? context.client_key() : id,
          .peer = context.peer_ip(),
          .principal = id,
          .tenant = principal.tenant_id.ToString()};
}

}  // namespace

AccessLogInterceptor::~AccessLogInterceptor() { LogCounts(std::chrono::steady_clock::now(), true); }

void AccessLogInterceptor::After(ServerCall& call, absl::Status& status) {
  const base::LogLevel level = LevelOf(status);
  const bool logged = base::LogEnabled(level);
  if (!logged && !failures_.has_counts()) return;
  const base::SteadyTime now = std::chrono::steady_clock::now();
  LogCounts(now, /*all=*/false);
  if (!logged) return;
  const base::CallContext& context = call.context();
  const FailureLog::Caller caller = CallerOf(context);
  const std::optional<base::ErrorDetails> details = base::GetErrorDetails(status);
  // By its name in the program, since callers may make up names.
  const FailureLog::Kind kind{
      .method = call.method().name,
      .code = absl::StatusCodeToString(status.code()),
      .reason = std::string(details ? base::ReasonName(details->reason) : std::string_view()),
      .level = level};
  if (!status.ok() && !failures_.Take(caller, kind, now)) return;
  const std::chrono::duration<double, std::milli> taken = now - call.start_time();
  base::LogLine(level, "call",
                {{"method", context.method()},
                 {"code", kind.code},
                 {"reason", kind.reason},
                 {"duration_ms", taken.count()},
                 {"request_id", context.request_id()},
                 {"traceparent", context.traceparent()},
                 {"peer", caller.peer},
                 {"principal", caller.principal},
                 {"tenant", caller.tenant}});
}

void AccessLogInterceptor::LogCounts(base::SteadyTime now, bool all) {
  if (!failures_.has_counts()) return;
  for (const FailureLog::Count& count : failures_.Collect(now, all)) {
    base::LogLine(count.kind.level, "calls that failed, beyond those with lines of their own",
                  {{"method", count.kind.method},
                   {"code", count.kind.code},
                   {"reason", count.kind.reason},
                   {"calls", count.calls},
                   {"peer", count.caller.peer},
                   {"principal", count.caller.principal},
                   {"tenant", count.caller.tenant}});
  }
}

}  // namespace gatehouse::rpc
