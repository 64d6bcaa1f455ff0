#ifndef GATEHOUSE_TESTS_SUPPORT_PASSKEY_SOFTWARE_AUTHENTICATOR_H_
#define GATEHOUSE_TESTS_SUPPORT_PASSKEY_SOFTWARE_AUTHENTICATOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gatehouse::tests {

// A browser and an authenticator with one passkey, written after WebAuthn without the server's
// code: takes the options that the server gives as JSON, and answers as toJSON() does. What it does
// wrong, for attacks, is set before it answers. One thread.
class SoftwareAuthenticator {
 public:
  // Flags of authenticator data.
  static constexpr uint8_t kUserPresent = 0x01;
  static constexpr uint8_t kUserVerified = 0x04;
  static constexpr uint8_t kBackupEligible = 0x08;
  static constexpr uint8_t kBackedUp = 0x10;
  static constexpr uint8_t kAttestedCredential = 0x40;

  // `algorithm`: of COSE, -7, -8 or -257.
  explicit SoftwareAuthenticator(int32_t algorithm = -7);
  ~SoftwareAuthenticator();

  // RegistrationResponseJSON and AuthenticationResponseJSON. `options`: the server's JSON.
  std::string Register(std::string_view options);
  std::string Sign(std::string_view options);

  // The attestation object of a registration, which is CBOR.
  std::string AttestationObject(std::string_view rp_id) const;
  // RegistrationResponseJSON with another attestation object.
  std::string RegistrationWith(std::string_view options, std::string_view attestation_object) const;

  // Where the page is.
  std::string origin = "https://example.com";
  bool cross_origin = false;
  // Instead of what the options say, if not empty.
  std::string rp_id;
  std::string challenge;
  std::string type;
  uint8_t flags = kUserPresent | kUserVerified | kBackupEligible | kBackedUp;
  // Goes with every answer, and is raised by `step` before one.
  uint32_t sign_count = 0;
  uint32_t step = 0;
  std::string credential_id;
  // Of the options it was registered with.
  std::string user_handle;

 private:
  struct Key;

  std::string ClientData(std::string_view usual_type, std::string_view usual_challenge) const;
  std::string AuthenticatorData(std::string_view usual_rp_id, bool with_credential) const;
  std::string CoseKey() const;

  const int32_t algorithm_;
  const std::unique_ptr<Key> key_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_PASSKEY_SOFTWARE_AUTHENTICATOR_H_
