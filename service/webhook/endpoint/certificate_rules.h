#ifndef GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_CERTIFICATE_RULES_H_
#define GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_CERTIFICATE_RULES_H_

#include <string_view>

#include "absl/status/status.h"
#include "base/time.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service {

// PEM: 1 to 16 certificates and nothing that is none, at most 64 KiB. Errors are about `field`.
absl::Status CheckAuthorities(std::string_view field, std::string_view pem);

// PEM: 1 to 8 certificates, at most 32 KiB, of which the first is neither expired nor of the
// future at `now`; and the private key of that one, not encrypted. Errors are about the fields
// below `field`, and hold nothing of the key.
absl::Status CheckClientCertificate(std::string_view field,
                                    const storage::ClientCertificate& certificate, base::Time now);

// When the first certificate of a chain that was checked expires.
base::Time CertificateExpires(std::string_view pem);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_CERTIFICATE_RULES_H_
