// How users prove who they are: authenticator apps, passkeys, one-time tokens, and sessions that
// are proven again.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/second_factor/totp.h"
#include "base/async/run_on_loop.h"
#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "storage/second_factor/second_factor.h"
#include "tests/integration/coherence/cases.h"
#include "tests/support/passkey/software_authenticator.h"

namespace gatehouse::tests {
namespace {

using Person = TwoServers::Person;

v1::Session SessionThere(TwoServers& servers, const Person& person) {
  v1::GetSessionRequest request;
  request.set_session_id(person.login.session().id());
  const auto outcome = servers.There<v1::GetSessionResponse>("SessionService/GetSession", request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  return outcome.response.session();
}

bool HasAppThere(TwoServers& servers, const std::string& id) {
  v1::ExportUserRequest request;
  request.set_user_id(id);
  CallOutcome outcome;
  const auto records =
      servers.ReadThere("UserService/ExportUser", request.SerializeAsString(), outcome);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  return std::ranges::any_of(records, [](const std::string& bytes) {
    v1::ExportUserResponse record;
    return record.ParseFromString(bytes) && record.has_second_factor();
  });
}

int DevicesThere(TwoServers& servers, const std::string& id) {
  v1::ListRememberedDevicesRequest request;
  request.set_user_id(id);
  const auto outcome = servers.There<v1::ListRememberedDevicesResponse>(
      "UserService/ListRememberedDevices", request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  return outcome.response.devices_size();
}

v1::ListPasskeysResponse PasskeysThere(TwoServers& servers, const std::string& id) {
  v1::ListPasskeysRequest request;
  request.set_user_id(id);
  const auto outcome = servers.There<v1::ListPasskeysResponse>("UserService/ListPasskeys", request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  return outcome.response;
}

// What the user's app shows now.
std::string CodeOf(TwoServers& servers, const std::string& id) {
  service::App& app = servers.here().app();
  using Factor = absl::StatusOr<std::optional<storage::TotpFactor>>;
  const Factor factor = base::RunOnLoop<Factor>(app.loop(), [&] {
    return app.storage().second_factors.Get(app.SystemContext("test"), base::kDefaultTenantId,
                                            *base::Uuid::Parse(id));
  });
  if (!factor.ok() || !*factor) return "none";
  return auth::TotpCode((*factor)->secret, auth::TotpStep(app.clock().Now()));
}

// Of a login of the user by password, on that server.
v1::AnswerChallengeRequest AnswerTo(OneServer& server, const Person& person,
                                    const std::string& recovery_code) {
  v1::CreateSessionRequest login;
  login.set_login(person.username);
  login.set_password(TwoServers::kPassword);
  v1::AnswerChallengeRequest answer;
  answer.set_challenge(
      server.Call<v1::CreateSessionResponse>("", "SessionService/CreateSession", login)
          .response.challenge()
          .token());
  answer.set_recovery_code(recovery_code);
  return answer;
}

void AnAuthenticatorApp(TwoServers& servers) {
  const Person ada = servers.MakePerson();
  std::string token = ada.token();
  TwoServers::Prove(
      [&] {
        v1::EnrollTotpRequest request;
        request.set_current_password(TwoServers::kPassword);
        return servers.HereAs<v1::EnrollTotpResponse>(token, "UserService/EnrollTotp", request);
      },
      [&] { return HasAppThere(servers, ada.id); });
  std::vector<std::string> codes;
  TwoServers::Prove(
      [&] {
        v1::ConfirmTotpRequest request;
        request.set_code(CodeOf(servers, ada.id));
        const auto outcome =
            servers.HereAs<v1::ConfirmTotpResponse>(token, "UserService/ConfirmTotp", request);
        codes.assign(outcome.response.recovery_codes().begin(),
                     outcome.response.recovery_codes().end());
        return outcome;
      },
      [&] { return servers.UserThere(ada.id).has_second_factor_time(); });
  ASSERT_EQ(codes.size(), 10u);

  servers.ProveCredential([&](std::string& credential) {
    v1::AnswerChallengeRequest request = AnswerTo(servers.here(), ada, codes[0]);
    request.set_remember_device(true);
    const auto outcome =
        servers.HereAs<v1::AnswerChallengeResponse>("", "SessionService/AnswerChallenge", request);
    credential = token = outcome.response.tokens().access_token();
    return outcome;
  });
  ASSERT_EQ(DevicesThere(servers, ada.id), 1);
  TwoServers::Prove(
      [&] {
        v1::ForgetDevicesRequest request;
        request.set_user_id(ada.id);
        return servers.Here<v1::ForgetDevicesResponse>("UserService/ForgetDevices", request);
      },
      [&] { return DevicesThere(servers, ada.id) == 0; });

  std::string new_code;
  bool was_good = false;
  TwoServers::Prove(
      [&] {
        v1::ReplaceRecoveryCodesRequest request;
        request.set_current_password(TwoServers::kPassword);
        const auto outcome = servers.HereAs<v1::ReplaceRecoveryCodesResponse>(
            token, "UserService/ReplaceRecoveryCodes", request);
        if (outcome.ok()) new_code = outcome.response.recovery_codes(0);
        return outcome;
      },
      [&] {
        if (new_code.empty()) return false;
        // It is good once.
        was_good = was_good ||
                   servers
                       .There<v1::AnswerChallengeResponse>("SessionService/AnswerChallenge",
                                                           AnswerTo(servers.there(), ada, new_code))
                       .ok();
        return was_good;
      });
  TwoServers::Prove(
      [&] {
        v1::RemoveTotpRequest request;
        request.set_user_id(ada.id);
        return servers.Here<v1::RemoveTotpResponse>("UserService/RemoveTotp", request);
      },
      [&] { return !servers.UserThere(ada.id).has_second_factor_time(); });
}

// Makes a passkey of the user known and gives it another name.
void RegisterPasskey(TwoServers& servers, const Person& person,
                     SoftwareAuthenticator& authenticator) {
  TwoServers::Prove(
      [&] {
        const auto started = servers.HereAs<v1::StartPasskeyRegistrationResponse>(
            person.token(), "UserService/StartPasskeyRegistration",
            v1::StartPasskeyRegistrationRequest());
        v1::FinishPasskeyRegistrationRequest request;
        request.set_passkey_json(authenticator.Register(started.response.options_json()));
        request.set_display_name("a key");
        return servers.HereAs<v1::FinishPasskeyRegistrationResponse>(
            person.token(), "UserService/FinishPasskeyRegistration", request);
      },
      [&] { return PasskeysThere(servers, person.id).passkeys_size() == 1; });
  TwoServers::Prove(
      [&] {
        v1::RenamePasskeyRequest request;
        request.set_passkey_id(PasskeysThere(servers, person.id).passkeys(0).id());
        request.set_display_name("another name");
        return servers.HereAs<v1::RenamePasskeyResponse>(person.token(),
                                                         "UserService/RenamePasskey", request);
      },
      [&] {
        return PasskeysThere(servers, person.id).passkeys(0).display_name() == "another name";
      });
}

void APasskey(TwoServers& servers) {
  const Person ada = servers.MakePerson();
  SoftwareAuthenticator authenticator;
  RegisterPasskey(servers, ada, authenticator);
  servers.ProveCredential([&](std::string& credential) {
    const auto started = servers.HereAs<v1::StartPasskeyLoginResponse>(
        "", "SessionService/StartPasskeyLogin", v1::StartPasskeyLoginRequest());
    v1::FinishPasskeyLoginRequest request;
    request.set_passkey_json(authenticator.Sign(started.response.options_json()));
    const auto outcome = servers.HereAs<v1::FinishPasskeyLoginResponse>(
        "", "SessionService/FinishPasskeyLogin", request);
    credential = outcome.response.tokens().access_token();
    return outcome;
  });
  std::string token = ada.token();
  TwoServers::Prove(
      [&] {
        const auto started = servers.HereAs<v1::StartPasskeyStepUpResponse>(
            token, "SessionService/StartPasskeyStepUp", v1::StartPasskeyStepUpRequest());
        v1::StepUpSessionRequest request;
        request.set_passkey_json(authenticator.Sign(started.response.options_json()));
        const auto outcome = servers.HereAs<v1::StepUpSessionResponse>(
            token, "SessionService/StepUpSession", request);
        token = outcome.response.access_token();
        return outcome;
      },
      [&] { return SessionThere(servers, ada).amr_size() > 1; });
  TwoServers::Prove(
      [&] {
        v1::SetPasskeyFactorRequest request;
        request.set_enabled(true);
        request.set_current_password(TwoServers::kPassword);
        return servers.HereAs<v1::SetPasskeyFactorResponse>(token, "UserService/SetPasskeyFactor",
                                                            request);
      },
      [&] { return PasskeysThere(servers, ada.id).second_factor(); });
  // The last passkey of a user whose logins ask for one stays.
  v1::SetPasskeyFactorRequest ends;
  ends.set_user_id(ada.id);
  servers.Must<v1::SetPasskeyFactorResponse>("UserService/SetPasskeyFactor", ends);
  TwoServers::Prove(
      [&] {
        v1::RemovePasskeyRequest request;
        request.set_user_id(ada.id);
        request.set_passkey_id(PasskeysThere(servers, ada.id).passkeys(0).id());
        return servers.Here<v1::RemovePasskeyResponse>("UserService/RemovePasskey", request);
      },
      [&] { return PasskeysThere(servers, ada.id).passkeys_size() == 0; });
}

}  // namespace

const std::vector<CoherenceCase>& FactorCases() {
  static const auto& cases = *new std::vector<CoherenceCase>{
      {{"UserService/EnrollTotp", "UserService/ConfirmTotp", "SessionService/AnswerChallenge",
        "UserService/ForgetDevices", "UserService/ReplaceRecoveryCodes", "UserService/RemoveTotp"},
       "an authenticator app comes and goes",
       AnAuthenticatorApp},
      {{"UserService/FinishPasskeyRegistration", "UserService/RenamePasskey",
        "SessionService/FinishPasskeyLogin", "SessionService/StepUpSession",
        "UserService/SetPasskeyFactor", "UserService/RemovePasskey"},
       "a passkey comes and goes",
       APasskey},
  };
  return cases;
}

}  // namespace gatehouse::tests
