#ifndef GATEHOUSE_AUTH_INTERCEPTORS_CERTIFICATE_KEYS_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_CERTIFICATE_KEYS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "rpc/chain/client_certificate.h"

namespace gatehouse::auth {

// Which certificates of clients stand for which API keys: a service that shows one calls as that
// key, for as long as the key is good. Immutable.
class CertificateKeys {
 public:
  // Whose key it is, and which.
  struct Key {
    base::Uuid tenant_id = base::kDefaultTenantId;
    base::Uuid id = {};
  };

  CertificateKeys() = default;

  // Lines of "API_KEY_ID NAME", or "TENANT_ID/API_KEY_ID NAME" for a key of another tenant than the
  // default one, where NAME is a subject as RFC 2253 writes it or a URI of the alternative names;
  // "#" begins a comment line. INVALID_FIELD about `field` if one is not so, or a name comes twice.
  static absl::StatusOr<CertificateKeys> Parse(std::string_view field, std::string_view text);

  // nullopt if none of the certificate's names is known.
  std::optional<Key> Find(const rpc::ClientCertificate& certificate) const;

 private:
  std::map<std::string, Key, std::less<>> by_name_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_CERTIFICATE_KEYS_H_
