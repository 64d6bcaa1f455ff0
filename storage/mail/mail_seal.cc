#include "storage/mail/mail_seal.h"

#include "base/hash.h"

namespace gatehouse::storage {
namespace {

std::string ContextOf(const base::Uuid& tenant_id, const base::Uuid& mail_id) {
  return "mail " + tenant_id.ToString() + " " + mail_id.ToString();
}

}  // namespace

std::string MailSeal::Seal(const base::Uuid& tenant_id, const base::Uuid& mail_id,
                           std::string_view content) const {
  return base::Seal(key_, ContextOf(tenant_id, mail_id), content);
}

std::optional<std::string> MailSeal::Open(const base::Uuid& tenant_id, const base::Uuid& mail_id,
                                          std::string_view sealed) const {
  return base::Open(key_, ContextOf(tenant_id, mail_id), sealed);
}

}  // namespace gatehouse::storage
