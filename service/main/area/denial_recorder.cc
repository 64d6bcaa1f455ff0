#include "service/main/area/denial_recorder.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/log_line.h"
#include "service/common/json.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

base::Task<void> Record(storage::EventStore* events, const base::Clock* clock,
                        std::shared_ptr<auth::RateLimiter> recorded, base::CallContext ctx,
                        auth::Denial denial) {
  if (denial.kind != auth::Denial::Kind::kPermissionDenied) co_return;
  const std::string caller = auth::LimitKey(ctx.principal().tenant_id, ctx.principal().id);
  if (recorded->Take(caller, std::chrono::steady_clock::now())) co_return;
  JsonObject details;
  details.Add("method", ctx.method());
  if (!denial.permission.empty()) details.Add("permission", denial.permission);
  storage::Event event = storage::MakeEvent(
      ctx, clock->Now(), std::string(storage::event_types::kCallDenied), {}, details.ToString());
  event.outcome = storage::Outcome::kDenied;
  const absl::Status written = co_await events->AppendNow(ctx, std::move(event));
  if (!written.ok()) {
    // The call is refused all the same; the log line is what is left of it.
    base::LogLine(base::LogLevel::kError, "a denial could not be recorded",
                  {{"method", ctx.method()},
                   {"principal", ctx.principal().id.ToString()},
                   {"error", std::string(written.message())}});
  }
}

}  // namespace

auth::DenialHook MakeDenialRecorder(storage::EventStore& events, const base::Clock& clock,
                                    auth::RateLimit limit) {
  return [events = &events, clock = &clock, recorded = std::make_shared<auth::RateLimiter>(limit)](
             base::CallContext ctx, auth::Denial denial) {
    return Record(events, clock, recorded, std::move(ctx), std::move(denial));
  };
}

}  // namespace gatehouse::service
