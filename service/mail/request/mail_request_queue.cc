#include "service/mail/request/mail_request_queue.h"

#include <chrono>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "base/status.h"
#include "service/common/account_names.h"
#include "service/common/validate.h"

namespace gatehouse::service::mail {
namespace {

// A row holds no more of what a caller says of itself.
constexpr size_t kMaxUserAgent = 512;

}  // namespace

absl::Status MailRequestQueue::TakeFrom(auth::RateLimiter& limit, std::string_view key,
                                        std::string_view what) {
  const auto wait = limit.Take(key, std::chrono::steady_clock::now());
  if (!wait) return absl::OkStatus();
  ++refused_;
  return auth::RateLimited(*wait, what);
}

base::Task<absl::Status> MailRequestQueue::Ask(base::CallContext ctx, storage::MailKind kind,
                                               std::string login) {
  FieldChecks checks;
  checks.Length("login", login, 1, kMaxRawNameBytes);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(composer_.Require(kind));
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const std::string key = AccountKey(login).value_or("");
  GH_CO_RETURN_IF_ERROR(TakeFrom(of_client_, ctx.client_key(), "mails asked for by a client"));
  const std::string counted =
      tenant_id.ToString() + std::string(storage::MailKindName(kind)) + (key.empty() ? login : key);
  GH_CO_RETURN_IF_ERROR(TakeFrom(of_login_, base::Sha256(counted), "mails asked for by a login"));
  ++asked_;
  const RequestContent content{.login_key = key,
                               .ip_address = ctx.peer_ip(),
                               .user_agent = ctx.user_agent().substr(0, kMaxUserAgent),
                               .request_id = ctx.request_id()};
  storage::Mail request = composer_.ForRequest(tenant_id, kind, content, clock_.Now());
  co_return co_await mails_.Request(std::move(ctx), std::move(request));
}

}  // namespace gatehouse::service::mail
