#ifndef GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SECOND_FACTOR_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SECOND_FACTOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
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

namespace gatehouse::tests {

// Ada, who may have an authenticator app.
class SecondFactorFixture : public SessionFixture {
 protected:
  void SetUp() override {
    SessionFixture::SetUp();
    user_id_ = AddUser("ada");
    ada_ = CallerOf(LogIn("ada").response);
  }

  UnaryOutcome<v1::EnrollTotpResponse> Enroll(const std::string& password = kPassword) {
    v1::EnrollTotpRequest request;
    request.set_current_password(password);
    return Call<v1::EnrollTotpResponse>(ada_, request);
  }
  UnaryOutcome<v1::ConfirmTotpResponse> Confirm(const std::string& code) {
    v1::ConfirmTotpRequest request;
    request.set_code(code);
    return Call<v1::ConfirmTotpResponse>(ada_, request);
  }
  // Ada's app is confirmed, by the code of the step before: that of now is still good.
  void GiveAdaAnApp() {
    const auto enrolled = Enroll();
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    const auto confirmed = Confirm(Code(-1));
    ASSERT_TRUE(confirmed.ok()) << confirmed.message;
    recovery_codes_ = {confirmed.response.recovery_codes().begin(),
                       confirmed.response.recovery_codes().end()};
  }
  v1::StepUpSessionRequest StepUpBy(const std::string& code) {
    v1::StepUpSessionRequest request;
    request.set_totp_code(code);
    return request;
  }
  UnaryOutcome<v1::StepUpSessionResponse> StepUp(const v1::StepUpSessionRequest& request) {
    return Call<v1::StepUpSessionResponse>(ada_, request);
  }
  // Ada's session proves a recovery code as well.
  void ProveAda() {
    v1::StepUpSessionRequest request;
    request.set_recovery_code(recovery_codes_.back());
    const auto stepped = StepUp(request);
    ASSERT_TRUE(stepped.ok()) << stepped.message;
    ada_.credential = stepped.response.access_token();
  }
  // What Ada's app shows, so many steps from now.
  std::string Code(int64_t steps = 0) {
    const auto factor =
        *backend().runner.Run<absl::StatusOr<std::optional<storage::TotpFactor>>>([&] {
          return backend().storage->second_factors.Get(
              backend().SystemContext(), base::kDefaultTenantId, *base::Uuid::Parse(user_id_));
        });
    return auth::TotpCode(factor->secret, auth::TotpStep(clock().Now()) + steps);
  }

  std::string Challenge() {
    const auto login = LogIn("ada");
    EXPECT_TRUE(login.ok()) << login.message;
    EXPECT_FALSE(login.response.has_session());
    EXPECT_FALSE(login.response.has_tokens());
    return login.response.challenge().token();
  }
  UnaryOutcome<v1::AnswerChallengeResponse> Answer(const std::string& challenge,
                                                   const std::string& code,
                                                   const std::string& recovery_code = "") {
    v1::AnswerChallengeRequest request;
    request.set_challenge(challenge);
    if (!code.empty()) request.set_totp_code(code);
    if (!recovery_code.empty()) request.set_recovery_code(recovery_code);
    request.set_label("a test");
    return Call<v1::AnswerChallengeResponse>(nobody(), request);
  }
  v1::User Ada() {
    v1::GetUserRequest request;
    request.set_user_id(user_id_);
    return Call<v1::GetUserResponse>(admin(), request).response.user();
  }

  std::string user_id_;
  Caller ada_;
  std::vector<std::string> recovery_codes_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SECOND_FACTOR_FIXTURE_H_
