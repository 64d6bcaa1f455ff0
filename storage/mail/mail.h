#ifndef GATEHOUSE_STORAGE_MAIL_MAIL_H_
#define GATEHOUSE_STORAGE_MAIL_MAIL_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// What a mail is for. Column mail.kind.
enum class MailKind : int16_t {
  kPasswordReset = 1,
  kEmailVerification = 2,
  // To the address that a user had.
  kEmailChanged = 3,
  kInvitation = 4,
  kMagicLink = 5,
  kAlert = 6,
};

inline constexpr std::array kAllMailKinds = {MailKind::kPasswordReset, MailKind::kEmailVerification,
                                             MailKind::kEmailChanged,  MailKind::kInvitation,
                                             MailKind::kMagicLink,     MailKind::kAlert};

// "password_reset" and the like: what templates, metrics and events call it.
std::string_view MailKindName(MailKind kind);

// Column mail.state.
enum class MailState : int16_t {
  // By somebody who says who they are, which nobody has looked at yet.
  kRequested = 1,
  kWaiting = 2,
  kSent = 3,
  kGivenUp = 4,
};

// What is to be sent, as its writer makes it: goes with a change (Change::mails).
struct Mail {
  base::Uuid tenant_id;
  base::Uuid id;
  MailKind kind = MailKind::kPasswordReset;
  MailState state = MailState::kWaiting;
  // Whom it is about; nil: nobody.
  base::Uuid user_id;
  // Sealed (MailSeal): what is in it is a secret, since who has the token of a mail is its user.
  std::string sealed_content;
  base::Time create_time;
  // It is of no use from then on, and not sent.
  base::Time expire_time;
  // Of the request of the same id that it takes the place of, as that was taken; 0: there is none.
  int64_t request_fence = 0;
};

// One that was taken to be sent, or to be looked at, by who has it to itself for a while.
struct TakenMail {
  base::Uuid tenant_id;
  base::Uuid id;
  MailKind kind = MailKind::kPasswordReset;
  MailState state = MailState::kWaiting;
  base::Uuid user_id;
  // Opened.
  std::string content;
  base::Time create_time;
  base::Time expire_time;
  // This attempt among them.
  int32_t attempt_count = 1;
  int64_t fence = 1;
};

// What became of an attempt.
struct MailOutcome {
  // Empty: it was sent. Else what went wrong, in a word (docs/mail.md).
  std::string error_class = {};
  // The server's last reply; 0: there was none.
  int32_t smtp_code = 0;
};

// One as it is kept: what is to be sent, and for some days what became of that.
struct KeptMail {
  base::Uuid id;
  MailKind kind = MailKind::kPasswordReset;
  MailState state = MailState::kWaiting;
  // Opened. Empty once it is over, and if it was sealed under another master key.
  std::string content;
  base::Time create_time;
  base::Time expire_time;
  // When it was sent or given up.
  std::optional<base::Time> end_time;
  int32_t attempt_count = 0;
  MailOutcome last_outcome;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_MAIL_MAIL_H_
