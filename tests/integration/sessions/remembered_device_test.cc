// Devices on which a user logs in without a second factor.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/sessions/second_factor_fixture.h"

namespace gatehouse::tests {
namespace {

class RememberedDeviceTest : public SecondFactorFixture {
 protected:
  static constexpr auto kRemembered = std::chrono::hours(24);

  void Configure(TestBackend::Options& options) override {
    SecondFactorFixture::Configure(options);
    options.config.auth.remember_device = kRemembered;
  }
  // What Ada's device shows from now on.
  std::string Remember() {
    v1::AnswerChallengeRequest request;
    request.set_challenge(Challenge());
    request.set_totp_code(Code());
    request.set_label("her laptop");
    request.set_remember_device(true);
    const auto answered = Call<v1::AnswerChallengeResponse>(nobody(), request);
    EXPECT_TRUE(answered.ok()) << answered.message;
    return answered.response.device_token();
  }
  UnaryOutcome<v1::CreateSessionResponse> LogInOn(const std::string& device,
                                                  const std::string& password = kPassword) {
    v1::CreateSessionRequest request;
    request.set_login("ada");
    request.set_password(password);
    request.set_device_token(device);
    return Call<v1::CreateSessionResponse>(nobody(), request);
  }
  std::vector<v1::RememberedDevice> Devices() {
    v1::ListRememberedDevicesRequest request;
    request.set_user_id(user_id_);
    const auto listed = Call<v1::ListRememberedDevicesResponse>(admin(), request);
    return {listed.response.devices().begin(), listed.response.devices().end()};
  }
};

TEST_F(RememberedDeviceTest, LogsInWithoutACodeForItsTime) {
  GiveAdaAnApp();
  const std::string device = Remember();
  EXPECT_THAT(device, testing::StartsWith("gh_dt_"));
  const auto login = LogInOn(device);
  ASSERT_TRUE(login.response.has_session()) << login.message;
  // It is no proof of the factor.
  EXPECT_THAT(login.response.session().amr(), testing::ElementsAre("pwd"));
  EXPECT_EQ(LogInOn(device, "not her password").reason(), "LOGIN_FAILED");
  EXPECT_TRUE(LogIn("ada").response.has_challenge());
  const std::vector<v1::RememberedDevice> devices = Devices();
  ASSERT_EQ(devices.size(), 1u);
  EXPECT_EQ(devices[0].label(), "her laptop");
  EXPECT_TRUE(devices[0].has_last_used_time());
  EXPECT_EQ(CountEvents("user.device_remembered"), "1");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.remembered_device d WHERE d::text LIKE '%" +
                device.substr(6) + "%'"),
            "0");
  clock().Advance(kRemembered);
  EXPECT_TRUE(LogInOn(device).response.has_challenge());
}

TEST_F(RememberedDeviceTest, EndsWithWhatItStandsFor) {
  GiveAdaAnApp();
  const std::string device = Remember();
  ASSERT_TRUE(LogInOn(device).response.has_session());
  // Of another user, changed, none at all.
  EXPECT_TRUE(LogInOn(device + "A").response.has_challenge());
  EXPECT_TRUE(LogInOn("gh_dt_").response.has_challenge());
  v1::RemoveTotpRequest remove;
  remove.set_user_id(user_id_);
  ASSERT_TRUE(Call<v1::RemoveTotpResponse>(admin(), remove).ok());
  clock().Advance(std::chrono::seconds(60));
  GiveAdaAnApp();
  EXPECT_TRUE(LogInOn(device).response.has_challenge());
}

TEST_F(RememberedDeviceTest, IsForgottenByItsUser) {
  GiveAdaAnApp();
  const std::string device = Remember();
  const std::string id = Devices()[0].id();
  v1::ForgetDevicesRequest forget;
  forget.set_user_id(user_id_);
  forget.set_device_id(id);
  EXPECT_EQ(Call<v1::ForgetDevicesResponse>(backend().LogIn("viewer"), forget).reason(),
            "PERMISSION_DENIED");
  ASSERT_TRUE(Call<v1::ForgetDevicesResponse>(ada_, forget).ok());
  EXPECT_TRUE(LogInOn(device).response.has_challenge());
  ASSERT_TRUE(Call<v1::ForgetDevicesResponse>(ada_, forget).ok());
  EXPECT_EQ(CountEvents("user.devices_forgotten"), "1");
}

TEST_F(RememberedDeviceTest, ToForgetWhatHasEndedChangesNothing) {
  GiveAdaAnApp();
  Remember();
  clock().Advance(kRemembered);
  v1::ForgetDevicesRequest forget;
  forget.set_user_id(user_id_);
  const Caller keeper = backend().LogIn("admin");
  EXPECT_TRUE(Call<v1::ForgetDevicesResponse>(keeper, forget).ok());
  EXPECT_EQ(CountEvents("user.devices_forgotten"), "0");
  Remember();
  EXPECT_TRUE(Call<v1::ForgetDevicesResponse>(keeper, forget).ok());
  EXPECT_EQ(CountEvents("user.devices_forgotten"), "1");
}

TEST_F(RememberedDeviceTest, ThereAreSoManyOfAUser) {
  GiveAdaAnApp();
  std::vector<std::string> devices;
  for (int i = 0; i < 11; ++i) {
    clock().Advance(std::chrono::seconds(30));
    devices.push_back(Remember());
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.remembered_device"), "10");
  EXPECT_TRUE(LogInOn(devices[0]).response.has_challenge());
  EXPECT_TRUE(LogInOn(devices[10]).response.has_session());
}

}  // namespace
}  // namespace gatehouse::tests
