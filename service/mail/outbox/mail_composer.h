#ifndef GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_COMPOSER_H_
#define GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_COMPOSER_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/mail/outbox/mail_content.h"
#include "storage/mail/mail.h"
#include "storage/mail/mail_seal.h"
#include "storage/sealing_keys.h"
#include "storage/user/user.h"

namespace gatehouse::service::mail {

// Makes mails for the outbox: what a handler puts into Change::mails.
//
// Immutable, thread-safe.
class MailComposer {
 public:
  struct Options {
    // There is a mail server.
    bool configured = false;
    std::string product_name;
    // Pages of the product, with {token} in them. Empty: such mails are not sent.
    std::string password_reset_url;
    std::string email_verification_url;
    std::string invitation_url;
    std::string magic_link_url;
  };

  MailComposer(Options options, storage::SealingKeys keys)
      : options_(std::move(options)), seal_(std::move(keys)) {}

  // Whether the operator has named what such a mail needs.
  bool Sends(storage::MailKind kind) const;
  // FAILED_PRECONDITION, MAIL_NOT_CONFIGURED if not.
  absl::Status Require(storage::MailKind kind) const;

  // A mail with a link that has a token in it.
  struct TokenMail {
    storage::MailKind kind = storage::MailKind::kPasswordReset;
    const storage::User& user;
    std::string to;
    std::string_view token;
    base::Time now;
    // Of the token.
    base::Time expire_time;
  };
  // INVALID_ARGUMENT, INVALID_FIELD about `email` if `to` cannot be written to.
  absl::StatusOr<storage::Mail> ForToken(const TokenMail& mail) const;

  // To the address that `before` had, that it has another one. INVALID_FIELD as above.
  absl::StatusOr<storage::Mail> ForChangedEmail(const storage::User& before, base::Time now) const;

  // About an alert, to one of a destination's addresses. `values` but for the product's name.
  storage::Mail ForAlert(const base::Uuid& tenant_id, MailContent content, base::Time now) const;

  // A request (MailState::kRequested).
  storage::Mail ForRequest(const base::Uuid& tenant_id, storage::MailKind kind,
                           const RequestContent& content, base::Time now) const;

  // As ForToken, in the place of the request for it.
  absl::StatusOr<storage::Mail> Answering(const storage::TakenMail& request,
                                          const TokenMail& mail) const;

 private:
  const std::string& PageOf(storage::MailKind kind) const;
  absl::StatusOr<MailContent> ContentOf(const TokenMail& mail) const;
  // With a new id.
  storage::Mail Make(const base::Uuid& tenant_id, storage::MailKind kind, base::Time now,
                     base::Time expire_time, const std::string& content) const;

  const Options options_;
  const storage::MailSeal seal_;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_COMPOSER_H_
