#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/page_size.h"
#include "service/common/page_token.h"
#include "service/common/validate.h"
#include "service/session/session_service.h"
#include "service/session/thread/thread_messages.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using ListQuery = storage::ThreadStore::ListQuery;

PageScope ScopeOf(const CallContext& ctx, const ListQuery& query) {
  return {.method = ctx.method(),
          .tenant_id = query.name.tenant_id,
          .query = {query.name.user_id.ToString(), query.name.thread_id,
                    std::to_string(query.first_index), query.newest_first ? "desc" : "asc"}};
}

// Begins behind the last message of the page before.
absl::Status Continue(const std::vector<std::string>& position, ListQuery& query) {
  int64_t index = 0;
  if (position.size() != 1 || !absl::SimpleAtoi(position.front(), &index)) {
    return base::InternalError("a page token holds no index");
  }
  if (query.newest_first) {
    query.last_index = index - 1;
  } else {
    query.first_index = index + 1;
  }
  return absl::OkStatus();
}

// As many messages as stay below what clients take, but at least one: contents are larger in a
// message than the JSON that their limit is about.
absl::Status FillPage(const std::vector<storage::ThreadMessage>& messages,
                      v1::ListMessagesResponse& response) {
  size_t bytes = 0;
  for (const storage::ThreadMessage& message : messages) {
    v1::ThreadMessage& added = *response.add_messages();
    GH_RETURN_IF_ERROR(ToProto(message, added));
    bytes += added.ByteSizeLong();
    if (bytes > kMaxPageBytes && response.messages_size() > 1) {
      response.mutable_messages()->RemoveLast();
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace

SessionService::Result<v1::ListMessagesResponse> SessionService::ListMessages(
    CallContext ctx, v1::ListMessagesRequest request) {
  FieldChecks checks;
  ListQuery query{.newest_first = request.order_by() == "index desc", .max_bytes = kMaxPageBytes};
  GH_CO_ASSIGN_OR_RETURN(query.name,
                         ThreadOf(ctx.principal(), request.user_id(), request.thread_id(),
                                  auth::Permission::kThreadsRead, checks));
  if (!query.newest_first && !request.order_by().empty() && request.order_by() != "index") {
    checks.Fail("order_by", "is \"index\" or \"index desc\"");
  }
  if (request.min_index() < 0) checks.Fail("min_index", "must not be negative");
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size());
  checks.Check(page_size.status());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  query.first_index = request.min_index();
  query.limit = *page_size;
  const PageScope scope = ScopeOf(ctx, query);
  if (!request.page_token().empty()) {
    GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> position,
                           deps_.page_tokens.Open(scope, request.page_token()));
    GH_CO_RETURN_IF_ERROR(Continue(position, query));
  }
  const bool newest_first = query.newest_first;
  GH_CO_ASSIGN_OR_RETURN(const storage::ThreadStore::Page page,
                         co_await deps_.threads.List(ctx, std::move(query)));

  v1::ListMessagesResponse response;
  response.set_message_count(page.message_count);
  GH_CO_RETURN_IF_ERROR(FillPage(page.messages, response));
  if (response.messages_size() > 0) {
    const int64_t last = response.messages().rbegin()->index();
    const bool more = newest_first ? last > request.min_index() : last + 1 < page.message_count;
    if (more) {
      response.set_next_page_token(deps_.page_tokens.Make(scope, {std::to_string(last)}));
    }
  }
  co_return response;
}

}  // namespace gatehouse::service
