// Nobody gets a password that is in the list, whoever sets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "auth/password/breached/build_breached_file.h"
#include "tests/integration/users/bulk/bulk_fixture.h"

namespace gatehouse::tests {
namespace {

class BreachedPasswordTest : public BulkFixture {
 protected:
  static constexpr char kStolen[] = "football2024";

  void Configure(TestBackend::Options& options) override {
    const std::string folder = ::testing::TempDir();
    const std::string list = folder + "/stolen.txt";
    std::ofstream(list) << kStolen << "\nqwertyuiop\n";
    const std::string file = folder + "/stolen.breached";
    ASSERT_TRUE(auth::BuildBreachedFile({.input = list, .output = file}).ok());
    options.config.auth.breached_passwords_file = file;
  }

  template <typename Response>
  static void ExpectRefused(const UnaryOutcome<Response>& outcome, const std::string& field) {
    EXPECT_EQ(outcome.reason(), "PASSWORD_POLICY");
    const auto details = outcome.template Detail<google::rpc::BadRequest>();
    ASSERT_TRUE(details && details->field_violations_size() == 1);
    EXPECT_EQ(details->field_violations(0).field(), field);
    EXPECT_THAT(details->field_violations(0).description(), ::testing::HasSubstr("stolen"));
    EXPECT_THAT(outcome.message, ::testing::Not(::testing::HasSubstr(kStolen)));
  }
};

TEST_F(BreachedPasswordTest, IsRefusedWhereverAPasswordIsSet) {
  v1::CreateUserRequest create = NewUser("eve");
  create.set_password(kStolen);
  ExpectRefused(Call<v1::CreateUserResponse>(admin(), create), "password");

  const v1::User user = CreateWithPassword("ada");
  v1::SetPasswordRequest set;
  set.set_user_id(user.id());
  set.set_password(kStolen);
  ExpectRefused(Call<v1::SetPasswordResponse>(admin(), set), "password");

  const Caller ada = LoggedIn("ada");
  v1::ChangePasswordRequest change;
  change.set_current_password(kPassword);
  change.set_new_password(kStolen);
  ExpectRefused(Call<v1::ChangePasswordResponse>(ada, change), "new_password");

  v1::StartPasswordResetRequest start;
  start.set_user_id(user.id());
  v1::FinishPasswordResetRequest finish;
  finish.set_token(Call<v1::StartPasswordResetResponse>(admin(), start).response.token());
  finish.set_password(kStolen);
  ExpectRefused(Call<v1::FinishPasswordResetResponse>(nobody(), finish), "password");
  // The token is as good as before.
  finish.set_password(kOther);
  EXPECT_TRUE(Call<v1::FinishPasswordResetResponse>(nobody(), finish).ok());
  EXPECT_TRUE(LogIn("ada", kOther).ok());
}

}  // namespace
}  // namespace gatehouse::tests
