#ifndef GATEHOUSE_AUTH_PASSKEY_PASSKEY_RESPONSE_H_
#define GATEHOUSE_AUTH_PASSKEY_PASSKEY_RESPONSE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::auth {

// What PublicKeyCredential.toJSON() gives in a browser (WebAuthn level 3, section 5.1), its binary
// parts decoded. All come from strangers: the whole is bounded, and a part that is missing, longer
// than it can be, or of another type is PASSKEY_INVALID.

// No answer of an authenticator is as long, with the certificates of an attestation.
inline constexpr size_t kMaxPasskeyResponseBytes = 12 * 1024;
// Section 6.5.1: at most 1,023 bytes.
inline constexpr size_t kMaxCredentialIdBytes = 1023;

// RegistrationResponseJSON.
struct RegistrationResponse {
  std::string credential_id;
  std::string client_data_json;
  std::string attestation_object;
  // "internal", "usb" and the like: how the passkey is reached. At most eight of 32 bytes; others
  // are left out, since they are hints.
  std::vector<std::string> transports;
};
absl::StatusOr<RegistrationResponse> ParseRegistrationResponse(std::string_view json);

// AuthenticationResponseJSON.
struct AssertionResponse {
  std::string credential_id;
  std::string client_data_json;
  std::string authenticator_data;
  std::string signature;
  // Empty where the authenticator gave none.
  std::string user_handle;
};
absl::StatusOr<AssertionResponse> ParseAssertionResponse(std::string_view json);

// What the browser says of the ceremony, and the authenticator signs: section 5.8.1.
struct ClientData {
  // "webauthn.create" or "webauthn.get".
  std::string type;
  // Decoded.
  std::string challenge;
  std::string origin;
  // In a frame of another origin.
  bool cross_origin = false;
};
absl::StatusOr<ClientData> ParseClientData(std::string_view json);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSKEY_PASSKEY_RESPONSE_H_
