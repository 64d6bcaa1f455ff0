#ifndef GATEHOUSE_AUTH_PASSKEY_ATTESTATION_OBJECT_H_
#define GATEHOUSE_AUTH_PASSKEY_ATTESTATION_OBJECT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/passkey/passkey_key.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// The CBOR of a registration: WebAuthn level 3, sections 6.5 and 6.5.1. Strangers' bytes, bounded
// by who hands them over (kMaxPasskeyResponseBytes). All errors are PASSKEY_INVALID.

// The authenticator data of an attestation object. The attestation itself is not looked at.
absl::StatusOr<std::string> AuthenticatorDataOfAttestation(std::string_view attestation_object);

struct AttestedCredential {
  std::string credential_id;
  PasskeyKey key;
  base::Uuid aaguid;
};
// The credential in authenticator data, if its key is of one of kPasskeyAlgorithms and valid.
absl::StatusOr<AttestedCredential> ReadAttestedCredential(std::string_view authenticator_data);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSKEY_ATTESTATION_OBJECT_H_
