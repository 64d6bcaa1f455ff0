#ifndef GATEHOUSE_TESTS_INTEGRATION_SESSIONS_PASSKEY_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_SESSIONS_PASSKEY_FIXTURE_H_

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/second_factor/totp.h"
#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "storage/second_factor/second_factor.h"
#include "tests/integration/sessions/session_fixture.h"
#include "tests/support/grpc_client.h"
#include "tests/support/passkey/software_authenticator.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {

// Ada and Bob, who may have passkeys.
class PasskeyFixture : public SessionFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    SessionFixture::Configure(options);
    options.config.auth.passkey_rp_id = "example.com";
    options.config.auth.display_name = "Example Ltd";
  }
  void SetUp() override {
    SessionFixture::SetUp();
    ada_id_ = AddUser("ada");
    ada_ = CallerOf(LogIn("ada").response);
    bob_id_ = AddUser("bob");
    bob_ = CallerOf(LogIn("bob").response);
  }

  std::string CreationOptions(const Caller& caller) {
    const auto started =
        Call<v1::StartPasskeyRegistrationResponse>(caller, v1::StartPasskeyRegistrationRequest());
    EXPECT_TRUE(started.ok()) << started.message;
    return started.response.options_json();
  }
  UnaryOutcome<v1::FinishPasskeyRegistrationResponse> Finish(const Caller& caller,
                                                             const std::string& json) {
    v1::FinishPasskeyRegistrationRequest request;
    request.set_passkey_json(json);
    request.set_display_name("a key");
    return Call<v1::FinishPasskeyRegistrationResponse>(caller, request);
  }
  // Its id.
  std::string Register(const Caller& caller, SoftwareAuthenticator& authenticator) {
    const auto finished = Finish(caller, authenticator.Register(CreationOptions(caller)));
    EXPECT_TRUE(finished.ok()) << finished.message;
    return finished.response.passkey().id();
  }

  UnaryOutcome<v1::StartPasskeyLoginResponse> Start(const std::string& challenge = "") {
    v1::StartPasskeyLoginRequest request;
    request.set_challenge(challenge);
    return Call<v1::StartPasskeyLoginResponse>(nobody(), request);
  }
  UnaryOutcome<v1::FinishPasskeyLoginResponse> FinishLogin(const std::string& json) {
    v1::FinishPasskeyLoginRequest request;
    request.set_passkey_json(json);
    request.set_label("a test");
    return Call<v1::FinishPasskeyLoginResponse>(nobody(), request);
  }
  UnaryOutcome<v1::FinishPasskeyLoginResponse> LogInBy(SoftwareAuthenticator& authenticator) {
    return FinishLogin(authenticator.Sign(Start().response.options_json()));
  }

  UnaryOutcome<v1::StepUpSessionResponse> StepUp(const Caller& caller, const std::string& json) {
    v1::StepUpSessionRequest request;
    request.set_passkey_json(json);
    return Call<v1::StepUpSessionResponse>(caller, request);
  }
  std::string StepUpOptions(const Caller& caller) {
    return Call<v1::StartPasskeyStepUpResponse>(caller, v1::StartPasskeyStepUpRequest())
        .response.options_json();
  }

  std::vector<v1::Passkey> List(const Caller& caller, const std::string& user_id = "") {
    v1::ListPasskeysRequest request;
    request.set_user_id(user_id);
    const auto listed = Call<v1::ListPasskeysResponse>(caller, request);
    EXPECT_TRUE(listed.ok()) << listed.message;
    return {listed.response.passkeys().begin(), listed.response.passkeys().end()};
  }

  // Ada's logins take a code from now on.
  std::string GiveAdaAnApp() {
    v1::EnrollTotpRequest enroll;
    enroll.set_current_password(kPassword);
    const auto enrolled = Call<v1::EnrollTotpResponse>(ada_, enroll);
    EXPECT_TRUE(enrolled.ok()) << enrolled.message;
    const auto factor =
        *backend().runner.Run<absl::StatusOr<std::optional<storage::TotpFactor>>>([&] {
          return backend().storage->second_factors.Get(
              backend().SystemContext(), base::kDefaultTenantId, *base::Uuid::Parse(ada_id_));
        });
    v1::ConfirmTotpRequest confirm;
    confirm.set_code(auth::TotpCode(factor->secret, auth::TotpStep(clock().Now())));
    EXPECT_TRUE(Call<v1::ConfirmTotpResponse>(ada_, confirm).ok());
    return factor->secret;
  }

  std::string ada_id_;
  Caller ada_;
  std::string bob_id_;
  Caller bob_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_SESSIONS_PASSKEY_FIXTURE_H_
