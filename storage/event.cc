#include "storage/event.h"

#include <utility>

namespace gatehouse::storage {
namespace {

EventActor ActorOf(const base::Principal& principal) {
  using Kind = base::Principal::Kind;
  switch (principal.kind) {
    case Kind::kUser:
      return {"user", principal.id.ToString(), principal.name};
    case Kind::kApiKey:
      return {"api_key", principal.id.ToString(), principal.name};
    case Kind::kSystem:
      return {"system", "", principal.name};
    case Kind::kAnonymous:
      return {"anonymous", "", ""};
  }
  return {};
}

// The trace id of a W3C traceparent: "00-<32 hex digits>-<16>-<2>".
std::string TraceIdOf(const std::string& traceparent) {
  constexpr size_t kBegin = 3;
  constexpr size_t kLength = 32;
  if (traceparent.size() < kBegin + kLength) return "";
  return traceparent.substr(kBegin, kLength);
}

}  // namespace

Event MakeEvent(const base::CallContext& ctx, base::Time now, std::string type,
                std::vector<EventTarget> targets, std::string details_json) {
  const base::Principal& principal = ctx.principal();
  return Event{
      // Who names a tenant that there is not is nobody's affair but the operator's.
      .tenant_id = principal.tenant_id.is_nil() ? base::kDefaultTenantId : principal.tenant_id,
      .id = base::Uuid::MakeV7(now),
      .type = std::move(type),
      .actor = ActorOf(principal),
      .targets = std::move(targets),
      .ip_address = ctx.peer_ip(),
      .user_agent = ctx.user_agent(),
      .request_id = ctx.request_id(),
      .trace_id = TraceIdOf(ctx.traceparent()),
      .session_id = principal.session_id.is_nil() ? "" : principal.session_id.ToString(),
      .details_json = std::move(details_json),
      .occurred_time = now,
      .recorded_time = now,
  };
}

}  // namespace gatehouse::storage
