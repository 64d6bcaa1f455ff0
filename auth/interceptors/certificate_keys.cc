#include "auth/interceptors/certificate_keys.h"

#include "base/status.h"
#include "base/text/ascii.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view kBlanks = " \t\r";

// "API_KEY_ID" or "TENANT_ID/API_KEY_ID".
std::optional<CertificateKeys::Key> ParseKey(std::string_view text) {
  CertificateKeys::Key key;
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::optional<base::Uuid> tenant_id = base::Uuid::Parse(text.substr(0, slash));
    if (!tenant_id) return std::nullopt;
    key.tenant_id = *tenant_id;
    text.remove_prefix(slash + 1);
  }
  const std::optional<base::Uuid> id = base::Uuid::Parse(text);
  if (!id) return std::nullopt;
  key.id = *id;
  return key;
}

}  // namespace

absl::StatusOr<CertificateKeys> CertificateKeys::Parse(std::string_view field,
                                                       std::string_view text) {
  CertificateKeys keys;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = base::Trimmed(text.substr(0, end), kBlanks);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    const size_t blank = line.find_first_of(kBlanks);
    const std::optional<Key> key = ParseKey(line.substr(0, blank));
    if (!key || blank == std::string_view::npos) {
      return base::InvalidField(field, "line " + std::to_string(number) +
                                           " is not \"[TENANT_ID/]API_KEY_ID SUBJECT_OR_URI\"");
    }
    if (!keys.by_name_.emplace(base::Trimmed(line.substr(blank), kBlanks), *key).second) {
      return base::InvalidField(field, "line " + std::to_string(number) + " repeats a name");
    }
  }
  return keys;
}

std::optional<CertificateKeys::Key> CertificateKeys::Find(
    const rpc::ClientCertificate& certificate) const {
  if (const auto it = by_name_.find(certificate.subject); it != by_name_.end()) return it->second;
  for (const std::string& uri : certificate.uris) {
    if (const auto it = by_name_.find(uri); it != by_name_.end()) return it->second;
  }
  return std::nullopt;
}

}  // namespace gatehouse::auth
