#include "storage/mail/mail_seal.h"

namespace gatehouse::storage {
namespace {

std::string ContextOf(const base::Uuid& tenant_id, const base::Uuid& mail_id) {
  return "mail " + tenant_id.ToString() + " " + mail_id.ToString();
}

}  // namespace

std::string MailSeal::Seal(const base::Uuid& tenant_id, const base::Uuid& mail_id,
                           std::string_view content) const {
  return keys_.Seal(ContextOf(tenant_id, mail_id), content);
}

std::optional<std::string> MailSeal::Open(const base::Uuid& tenant_id, const base::Uuid& mail_id,
                                          std::string_view sealed) const {
  return keys_.Open(ContextOf(tenant_id, mail_id), sealed);
}

absl::StatusOr<std::optional<std::string>> MailSeal::Reseal(const base::Uuid& tenant_id,
                                                            const base::Uuid& mail_id,
                                                            std::string_view sealed) const {
  return keys_.Reseal(ContextOf(tenant_id, mail_id), sealed);
}

}  // namespace gatehouse::storage
