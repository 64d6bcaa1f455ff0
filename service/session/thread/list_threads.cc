#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/page_size.h"
#include "service/common/page_token.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/session/session_service.h"
#include "service/session/thread/thread_messages.h"

namespace gatehouse::service {
namespace {

void ToProto(const storage::Thread& thread, v1::Thread& out) {
  out.set_thread_id(thread.thread_id);
  out.set_message_count(thread.message_count);
  out.set_content_bytes(thread.content_bytes);
  SetTimestamp(thread.create_time, out.mutable_create_time());
  SetTimestamp(thread.update_time, out.mutable_update_time());
}

}  // namespace

SessionService::Result<v1::ListThreadsResponse> SessionService::ListThreads(
    base::CallContext ctx, v1::ListThreadsRequest request) {
  FieldChecks checks;
  GH_CO_ASSIGN_OR_RETURN(
      const base::Uuid user_id,
      ThreadOwner(ctx.principal(), request.user_id(), auth::Permission::kThreadsRead, checks));
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size());
  checks.Check(page_size.status());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const PageScope scope{
      .method = ctx.method(), .tenant_id = tenant_id, .query = {user_id.ToString()}};
  GH_CO_ASSIGN_OR_RETURN(std::string after,
                         deps_.page_tokens.TextBehind(scope, request.page_token()));
  // One more tells whether there is another page.
  GH_CO_ASSIGN_OR_RETURN(const storage::ThreadStore::ThreadPage page,
                         co_await deps_.threads.ListThreads(ctx, tenant_id, user_id,
                                                            std::move(after), *page_size + 1));
  v1::ListThreadsResponse response;
  response.set_content_bytes(page.content_bytes);
  for (const storage::Thread& thread : page.threads) {
    if (response.threads_size() == *page_size) {
      response.set_next_page_token(
          deps_.page_tokens.Make(scope, {response.threads().rbegin()->thread_id()}));
      break;
    }
    ToProto(thread, *response.add_threads());
  }
  co_return response;
}

}  // namespace gatehouse::service
