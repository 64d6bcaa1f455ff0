#include <utility>

#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/mail/request/mail_request_queue.h"
#include "service/user/user_service.h"
#include "storage/mail/mail.h"

namespace gatehouse::service {

UserService::Result<v1::RequestPasswordResetResponse> UserService::RequestPasswordReset(
    base::CallContext ctx, v1::RequestPasswordResetRequest request) {
  GH_CO_RETURN_IF_ERROR(co_await deps_.mail_requests.Ask(ctx, storage::MailKind::kPasswordReset,
                                                         std::move(*request.mutable_login())));
  co_return v1::RequestPasswordResetResponse();
}

}  // namespace gatehouse::service
