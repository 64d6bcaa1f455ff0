#include "storage/mail/mail_seal.h"

namespace gatehouse::storage {

std::string MailSeal::Seal(const base::Uuid& tenant_id, const base::Uuid& mail_id,
                           std::string_view content) const {
  return keys_.Seal(MailSealContext(tenant_id, mail_id), content);
}

std::optional<std::string> MailSeal::Open(const base::Uuid& tenant_id, const base::Uuid& mail_id,
                                          std::string_view sealed) const {
  return keys_.Open(MailSealContext(tenant_id, mail_id), sealed);
}

absl::StatusOr<std::optional<std::string>> MailSeal::Reseal(const base::Uuid& tenant_id,
                                                            const base::Uuid& mail_id,
                                                            std::string_view sealed) const {
  return keys_.Reseal(MailSealContext(tenant_id, mail_id), sealed);
}

}  // namespace gatehouse::storage
