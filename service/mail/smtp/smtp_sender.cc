#include "service/mail/smtp/smtp_sender.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/async/cancel.h"
#include "service/mail/smtp/smtp_transfer.h"

namespace gatehouse::service::mail {

// Nobody waits: there are never more mails than connections.
constexpr size_t kMaxQueued = 1'000;

SmtpSender::SmtpSender(SmtpServer server, size_t connections)
    : server_(std::move(server)), threads_("gh-mail", connections, kMaxQueued) {}

base::Task<SmtpResult> SmtpSender::Send(base::CallContext ctx, SmtpMail mail) {
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  const base::CancelToken::Registration registration =
      ctx.cancel().OnCancel([stop] { *stop = true; });
  std::function<SmtpResult()> work = [&server = server_, stop, mail = std::move(mail)] {
    return SmtpTransfer(server, mail, *stop).Run();
  };
  std::optional<SmtpResult> result = co_await threads_.Run<SmtpResult>(ctx.loop(), std::move(work));
  co_return result ? *std::move(result) : SmtpResult{.error_class = "stopped"};
}

}  // namespace gatehouse::service::mail
