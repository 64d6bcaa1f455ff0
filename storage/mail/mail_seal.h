#ifndef GATEHOUSE_STORAGE_MAIL_MAIL_SEAL_H_
#define GATEHOUSE_STORAGE_MAIL_MAIL_SEAL_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "storage/sealing_keys.h"

namespace gatehouse::storage {

// What the sealed content of a mail is bound to.
inline std::string MailSealContext(const base::Uuid& tenant_id, const base::Uuid& mail_id) {
  return "mail " + tenant_id.ToString() + " " + mail_id.ToString();
}

// Seals what mails hold under the master key: a copy of the database tells neither whom the server
// writes to nor the tokens that are on their way.
//
// Immutable, thread-safe.
class MailSeal {
 public:
  explicit MailSeal(SealingKeys keys) : keys_(std::move(keys)) {}

  // For the mail of that id alone.
  std::string Seal(const base::Uuid& tenant_id, const base::Uuid& mail_id,
                   std::string_view content) const;
  // nullopt for what was sealed under another key, or for another mail.
  std::optional<std::string> Open(const base::Uuid& tenant_id, const base::Uuid& mail_id,
                                  std::string_view sealed) const;
  // SealingKeys::Reseal.
  absl::StatusOr<std::optional<std::string>> Reseal(const base::Uuid& tenant_id,
                                                    const base::Uuid& mail_id,
                                                    std::string_view sealed) const;

 private:
  const SealingKeys keys_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_MAIL_MAIL_SEAL_H_
