// What browsers and authenticators send: the JSON of their answers, client data, attestation
// objects, authenticator data. The input is each of these in turn.
//
// Whatever comes ends in an answer, without more memory than it has bytes for. What is read as a
// passkey has a key that signatures can be verified with.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "auth/passkey/attestation_object.h"
#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/passkey_key.h"
#include "auth/passkey/passkey_response.h"
#include "auth/passkey/relying_party.h"
#include "base/time.h"

namespace gatehouse::fuzz {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

const auth::RelyingParty& Party() {
  static const auto& party = *new auth::RelyingParty(
      {.id = "example.org", .name = "Example", .origins = ""}, std::string(32, 's'));
  return party;
}

void ReadCredential(std::string_view authenticator_data) {
  const auto made = auth::ReadAttestedCredential(authenticator_data);
  if (!made.ok()) return;
  Require(auth::IsValid(made->key));
  Require(!made->credential_id.empty());
  Require(made->credential_id.size() <= auth::kMaxCredentialIdBytes);
}

void ReadAnswers(std::string_view input) {
  constexpr base::Time kNow = base::TimeFromMicros(1'767'225'600'000'000);
  const auto registration = auth::ParseRegistrationResponse(input);
  if (registration.ok()) static_cast<void>(Party().ReadRegistration(*registration));
  const auto assertion = auth::ParseAssertionResponse(input);
  if (assertion.ok()) {
    static_cast<void>(Party().ReadAssertion(*assertion, /*verified=*/false));
    Require(!auth::VerifySignature(auth::NobodysPasskeyKey(), Party().id(),
                                   assertion->authenticator_data, assertion->client_data_json,
                                   assertion->signature));
  }
  // Nobody guesses a challenge of ours.
  Require(!Party().ReadChallenge(input, auth::PasskeyPurpose::kLogin, kNow).ok());
}

}  // namespace
}  // namespace gatehouse::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  gatehouse::fuzz::ReadAnswers(input);
  gatehouse::fuzz::ReadCredential(input);
  const auto authenticator_data = gatehouse::auth::AuthenticatorDataOfAttestation(input);
  if (authenticator_data.ok()) gatehouse::fuzz::ReadCredential(*authenticator_data);
  return 0;
}
