#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/built_in_event_types.h"
#include "service/common/event_type.h"
#include "service/common/page_size.h"
#include "service/webhook/event_type/event_type_fields.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {
namespace {

absl::Status EventTypeNotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, "the catalogue has no such event type",
                         {.reason = base::Reason::kEventTypeNotFound});
}

}  // namespace

base::Task<absl::StatusOr<storage::EventType>> WebhookService::ReadEventType(base::CallContext ctx,
                                                                             std::string name) {
  GH_CO_ASSIGN_OR_RETURN(
      std::optional<storage::EventType> type,
      co_await deps_.event_types.Get(ctx, ctx.principal().tenant_id, std::move(name)));
  if (!type) co_return EventTypeNotFound();
  co_return *std::move(type);
}

WebhookService::Result<v1::GetEventTypeResponse> WebhookService::GetEventType(
    base::CallContext ctx, v1::GetEventTypeRequest request) {
  v1::GetEventTypeResponse response;
  if (const BuiltInEventType* built_in = FindBuiltInEventType(request.name())) {
    ToProto(*built_in, *response.mutable_event_type());
    co_return response;
  }
  if (!IsEventType(request.name())) {
    co_return base::InvalidField("name", "must be a type of events, such as \"document.shared\"");
  }
  GH_CO_ASSIGN_OR_RETURN(const storage::EventType type,
                         co_await ReadEventType(ctx, request.name()));
  GH_CO_RETURN_IF_ERROR(ToProto(type, *response.mutable_event_type()));
  co_return response;
}

WebhookService::Result<v1::ListEventTypesResponse> WebhookService::ListEventTypes(
    base::CallContext ctx, v1::ListEventTypesRequest request) {
  GH_CO_ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size()));
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const PageScope scope{.method = "ListEventTypes", .tenant_id = tenant_id};
  GH_CO_ASSIGN_OR_RETURN(const std::string after,
                         deps_.page_tokens.TextBehind(scope, request.page_token()));
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::EventType> own,
      co_await deps_.event_types.List(ctx, tenant_id, after, int64_t{page_size} + 1,
                                      static_cast<int64_t>(kMaxPageBytes)));
  size_t schema_bytes = 0;
  for (const storage::EventType& type : own) {
    schema_bytes += type.schema_json ? type.schema_json->size() : 0;
  }
  // The store ended for the sake of the size: there may be more after the last of `own`.
  const bool cut = schema_bytes >= kMaxPageBytes;
  const auto* built_in = std::ranges::upper_bound(kBuiltInEventTypes, std::string_view(after), {},
                                                  &BuiltInEventType::name);
  const auto* const built_in_end = std::end(kBuiltInEventTypes);
  auto next = own.begin();
  v1::ListEventTypesResponse response;
  size_t bytes = 0;
  while (built_in != built_in_end || next != own.end() || cut) {
    const int size = response.event_types_size();
    if (size == page_size || bytes > kMaxPageBytes || (cut && next == own.end())) {
      response.set_next_page_token(
          deps_.page_tokens.Make(scope, {response.event_types(size - 1).name()}));
      break;
    }
    v1::EventType& added = *response.add_event_types();
    const bool is_own = next != own.end() &&
                        (built_in == built_in_end || std::string_view(next->name) < built_in->name);
    if (is_own) {
      GH_CO_RETURN_IF_ERROR(ToProto(*next++, added));
    } else {
      ToProto(*built_in++, added);
    }
    bytes += added.ByteSizeLong();
  }
  co_return response;
}

}  // namespace gatehouse::service
