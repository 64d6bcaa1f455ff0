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

}  // namespace

void AccessLogInterceptor::After(ServerCall& call, absl::Status& status) {
  const base::LogLevel level = LevelOf(status);
  if (!base::LogEnabled(level)) return;
  const base::CallContext& context = call.context();
  const std::chrono::duration<double, std::milli> taken =
      std::chrono::steady_clock::now() - call.start_time();
  const std::optional<base::ErrorDetails> details = base::GetErrorDetails(status);
  const base::Principal& principal = context.principal();
  base::LogLine(level, "call",
                {{"method", context.method()},
                 {"code", absl::StatusCodeToString(status.code())},
                 {"reason", details ? base::ReasonName(details->reason) : std::string_view()},
                 {"duration_ms", taken.count()},
                 {"request_id", context.request_id()},
                 {"traceparent", context.traceparent()},
                 {"peer", context.peer_ip()},
                 {"principal", principal.id.is_nil() ? std::string() : principal.id.ToString()},
                 {"tenant", principal.tenant_id.ToString()}});
}

}  // namespace gatehouse::rpc
