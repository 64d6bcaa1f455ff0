#include "storage/mail/mail.h"

namespace gatehouse::storage {

std::string_view MailKindName(MailKind kind) {
  switch (kind) {
    case MailKind::kPasswordReset:
      return "password_reset";
    case MailKind::kEmailVerification:
      return "email_verification";
    case MailKind::kEmailChanged:
      return "email_changed";
    case MailKind::kInvitation:
      return "invitation";
    case MailKind::kMagicLink:
      return "magic_link";
    case MailKind::kAlert:
      return "alert";
  }
  return "";
}

}  // namespace gatehouse::storage
