#include "service/mail/outbox/mail_composer.h"

#include <chrono>

#include "base/reason.h"
#include "base/status.h"
#include "service/mail/message/local_time.h"
#include "service/mail/message/mailbox.h"

namespace gatehouse::service::mail {
namespace {

using storage::MailKind;

constexpr std::string_view kToken = "{token}";
// News that nobody needs when it is older.
constexpr base::Duration kNoticeLifetime = std::chrono::days(3);
constexpr base::Duration kAlertLifetime = std::chrono::days(1);
// Somebody waits for it.
constexpr base::Duration kRequestLifetime = std::chrono::minutes(30);

// `page` with the token, whose characters need no escaping in a URL.
std::string LinkOf(std::string page, std::string_view token) {
  return page.replace(page.find(kToken), kToken.size(), token);
}

absl::Status CheckAddress(const std::string& address) {
  if (Mailbox::Parse(address)) return absl::OkStatus();
  return base::InvalidField("email",
                            "is no address that a mail can be sent to: before the '@' it may have "
                            "letters, digits, single dots and !#$%&'*+-/=?^_`{|}~");
}

}  // namespace

const std::string& MailComposer::PageOf(MailKind kind) const {
  static const std::string& none = *new std::string();
  switch (kind) {
    case MailKind::kPasswordReset:
      return options_.password_reset_url;
    case MailKind::kEmailVerification:
      return options_.email_verification_url;
    case MailKind::kInvitation:
      return options_.invitation_url;
    case MailKind::kMagicLink:
      return options_.magic_link_url;
    case MailKind::kEmailChanged:
    case MailKind::kAlert:
      break;
  }
  return none;
}

bool MailComposer::Sends(MailKind kind) const {
  const bool needs_page = kind != MailKind::kEmailChanged && kind != MailKind::kAlert;
  return options_.configured && (!needs_page || !PageOf(kind).empty());
}

absl::Status MailComposer::Require(MailKind kind) const {
  if (Sends(kind)) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition,
      options_.configured ? "The server sends no such mail: the operator has named no page for it."
                          : "The server sends no mail: the operator has named no mail server.",
      {.reason = base::Reason::kMailNotConfigured,
       .metadata = {{"kind", std::string(storage::MailKindName(kind))}}});
}

storage::Mail MailComposer::Make(const base::Uuid& tenant_id, MailKind kind, base::Time now,
                                 base::Time expire_time, const std::string& content) const {
  storage::Mail mail{.tenant_id = tenant_id,
                     .id = base::Uuid::MakeV7(now),
                     .kind = kind,
                     .create_time = now,
                     .expire_time = expire_time};
  mail.sealed_content = seal_.Seal(tenant_id, mail.id, content);
  return mail;
}

absl::StatusOr<MailContent> MailComposer::ContentOf(const TokenMail& mail) const {
  GH_RETURN_IF_ERROR(Require(mail.kind));
  GH_RETURN_IF_ERROR(CheckAddress(mail.to));
  return MailContent{
      .to = mail.to,
      .locale = mail.user.locale,
      .values = {{"product", options_.product_name},
                 {"username", mail.user.username},
                 {"email", mail.to},
                 {"link", LinkOf(PageOf(mail.kind), mail.token)},
                 {"expire_time", FormatLocalTime(mail.expire_time, mail.user.timezone)}}};
}

absl::StatusOr<storage::Mail> MailComposer::ForToken(const TokenMail& mail) const {
  GH_ASSIGN_OR_RETURN(const MailContent content, ContentOf(mail));
  storage::Mail made =
      Make(mail.user.tenant_id, mail.kind, mail.now, mail.expire_time, content.ToJson());
  made.user_id = mail.user.id;
  return made;
}

absl::StatusOr<storage::Mail> MailComposer::Answering(const storage::TakenMail& request,
                                                      const TokenMail& mail) const {
  GH_ASSIGN_OR_RETURN(const MailContent content, ContentOf(mail));
  return storage::Mail{
      .tenant_id = request.tenant_id,
      .id = request.id,
      .kind = request.kind,
      .user_id = mail.user.id,
      .sealed_content = seal_.Seal(request.tenant_id, request.id, content.ToJson()),
      .create_time = mail.now,
      .expire_time = mail.expire_time,
      .request_fence = request.fence};
}

absl::StatusOr<storage::Mail> MailComposer::ForChangedEmail(const storage::User& before,
                                                            base::Time now) const {
  GH_RETURN_IF_ERROR(Require(MailKind::kEmailChanged));
  const std::string to = before.email.value_or("");
  GH_RETURN_IF_ERROR(CheckAddress(to));
  const MailContent content{.to = to,
                            .locale = before.locale,
                            .values = {{"product", options_.product_name},
                                       {"username", before.username},
                                       {"email", to},
                                       {"time", FormatLocalTime(now, before.timezone)}}};
  storage::Mail mail =
      Make(before.tenant_id, MailKind::kEmailChanged, now, now + kNoticeLifetime, content.ToJson());
  mail.user_id = before.id;
  return mail;
}

storage::Mail MailComposer::ForAlert(const base::Uuid& tenant_id, MailContent content,
                                     base::Time now) const {
  content.values["product"] = options_.product_name;
  return Make(tenant_id, MailKind::kAlert, now, now + kAlertLifetime, content.ToJson());
}

storage::Mail MailComposer::ForRequest(const base::Uuid& tenant_id, MailKind kind,
                                       const RequestContent& content, base::Time now) const {
  storage::Mail mail = Make(tenant_id, kind, now, now + kRequestLifetime, content.ToJson());
  mail.state = storage::MailState::kRequested;
  return mail;
}

}  // namespace gatehouse::service::mail
