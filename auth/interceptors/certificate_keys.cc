#include "auth/interceptors/certificate_keys.h"

#include "base/status.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

}  // namespace

absl::StatusOr<CertificateKeys> CertificateKeys::Parse(std::string_view field,
                                                       std::string_view text) {
  CertificateKeys keys;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    const size_t blank = line.find_first_of(kBlanks);
    const std::optional<base::Uuid> id = base::Uuid::Parse(line.substr(0, blank));
    if (!id || blank == std::string_view::npos) {
      return base::InvalidField(
          field, "line " + std::to_string(number) + " is not \"API_KEY_ID SUBJECT_OR_URI\"");
    }
    if (!keys.by_name_.emplace(Trimmed(line.substr(blank)), *id).second) {
      return base::InvalidField(field, "line " + std::to_string(number) + " repeats a name");
    }
  }
  return keys;
}

std::optional<base::Uuid> CertificateKeys::Find(const rpc::ClientCertificate& certificate) const {
  if (const auto it = by_name_.find(certificate.subject); it != by_name_.end()) return it->second;
  for (const std::string& uri : certificate.uris) {
    if (const auto it = by_name_.find(uri); it != by_name_.end()) return it->second;
  }
  return std::nullopt;
}

}  // namespace gatehouse::auth
