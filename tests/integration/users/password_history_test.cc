#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <vector>

#include "tests/integration/users/password_fixture.h"

namespace gatehouse::tests {
namespace {

constexpr int kHistory = 3;

class PasswordHistoryTest : public PasswordFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    options.config.auth.password_history = kHistory;
  }

  static std::string Nth(int i) { return "password number " + std::to_string(i); }

  UnaryOutcome<v1::ChangePasswordResponse> Change(const Caller& caller, const std::string& from,
                                                  const std::string& to) {
    v1::ChangePasswordRequest request;
    request.set_current_password(from);
    request.set_new_password(to);
    return Call<v1::ChangePasswordResponse>(caller, request);
  }
  UnaryOutcome<v1::FinishPasswordResetResponse> Reset(const std::string& user_id,
                                                      const std::string& password) {
    v1::StartPasswordResetRequest start;
    start.set_user_id(user_id);
    v1::FinishPasswordResetRequest finish;
    finish.set_token(Call<v1::StartPasswordResetResponse>(admin(), start).response.token());
    finish.set_password(password);
    return Call<v1::FinishPasswordResetResponse>(nobody(), finish);
  }
  UnaryOutcome<v1::SetPasswordResponse> Set(const std::string& user_id,
                                            const std::string& password) {
    v1::SetPasswordRequest request;
    request.set_user_id(user_id);
    request.set_password(password);
    return Call<v1::SetPasswordResponse>(admin(), request);
  }
  std::string CountFormer() { return Ask("SELECT count(*) FROM gatehouse.former_password"); }
  uint64_t hashes() { return backend().auth.hasher.hash_count(); }
};

TEST_F(PasswordHistoryTest, ThoseOfLateAreRefusedAndOlderOnesAreNot) {
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  std::string current = kPassword;
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(Change(ada, current, Nth(i)).ok()) << i;
    current = Nth(i);
    clock().Advance(std::chrono::seconds(1));
  }
  // The last three are 1, 2 and 3, which is the one it has.
  for (int i = 1; i <= 3; ++i) {
    const auto outcome = Change(ada, current, Nth(i));
    EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument) << i;
    EXPECT_EQ(outcome.reason(), "PASSWORD_POLICY") << i;
  }
  EXPECT_EQ(CountFormer(), std::to_string(kHistory - 1));
  EXPECT_TRUE(Change(ada, current, kPassword).ok()) << "the one before them";
  EXPECT_EQ(CountEvents("user.password_changed"), "4");
}

TEST_F(PasswordHistoryTest, SaysWhichFieldAndHowMany) {
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  ASSERT_TRUE(Change(ada, kPassword, kOther).ok());
  const auto outcome = Change(ada, kOther, kPassword);
  EXPECT_EQ(outcome.message, "new_password: must not be one of the last 3 passwords");
}

TEST_F(PasswordHistoryTest, AResetAsksAsWellAndItsTokenStaysGood) {
  const v1::User user = CreateWithPassword("ada");
  ASSERT_TRUE(Reset(user.id(), kOther).ok());
  EXPECT_EQ(Reset(user.id(), kPassword).reason(), "PASSWORD_POLICY");
  EXPECT_EQ(Reset(user.id(), kOther).reason(), "PASSWORD_POLICY") << "the one that it has";

  v1::StartPasswordResetRequest start;
  start.set_user_id(user.id());
  v1::FinishPasswordResetRequest finish;
  finish.set_token(Call<v1::StartPasswordResetResponse>(admin(), start).response.token());
  finish.set_password(kPassword);
  EXPECT_EQ(Call<v1::FinishPasswordResetResponse>(nobody(), finish).reason(), "PASSWORD_POLICY");
  finish.set_password(Nth(1));
  EXPECT_TRUE(Call<v1::FinishPasswordResetResponse>(nobody(), finish).ok());
}

// Else the answer would tell an administrator what somebody's passwords were.
TEST_F(PasswordHistoryTest, AdministratorsAreNotTold) {
  const v1::User user = CreateWithPassword("ada");
  EXPECT_TRUE(Set(user.id(), kOther).ok());
  EXPECT_TRUE(Set(user.id(), kPassword).ok());
  EXPECT_TRUE(Set(user.id(), kPassword).ok());
  // What they set counts from then on.
  EXPECT_EQ(Change(LoggedIn("ada"), kPassword, kOther).reason(), "PASSWORD_POLICY");
}

TEST_F(PasswordHistoryTest, CostsAHashForEachAndStopsAtTheFirstThatIsTheSame) {
  const v1::User user = CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  ASSERT_TRUE(Change(ada, kPassword, Nth(1)).ok());
  clock().Advance(std::chrono::seconds(1));
  ASSERT_TRUE(Change(ada, Nth(1), Nth(2)).ok());
  clock().Advance(std::chrono::seconds(1));
  uint64_t before = hashes();
  ASSERT_TRUE(Change(ada, Nth(2), Nth(3)).ok());
  // The one it has, which is compared once, two before it, and the new one's own.
  EXPECT_EQ(hashes() - before, 4u);
  clock().Advance(std::chrono::seconds(1));
  before = hashes();
  EXPECT_FALSE(Change(ada, Nth(3), Nth(2)).ok());
  EXPECT_EQ(hashes() - before, 2u);
  before = hashes();
  EXPECT_TRUE(Reset(user.id(), Nth(9)).ok());
  EXPECT_EQ(hashes() - before, 4u);
}

TEST_F(PasswordHistoryTest, AWrongCurrentPasswordIsToldNothingOfFormerOnes) {
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  ASSERT_TRUE(Change(ada, kPassword, kOther).ok());
  const uint64_t before = hashes();
  EXPECT_EQ(Change(ada, "wrong horse battery", kPassword).reason(), "PASSWORD_INCORRECT");
  EXPECT_EQ(hashes() - before, 1u);
}

TEST_F(PasswordHistoryTest, OneWithoutAPasswordHasNoFormerOnes) {
  const v1::User user = Create("ada");
  EXPECT_TRUE(Set(user.id(), kPassword).ok());
  EXPECT_EQ(CountFormer(), "0");
}

TEST_F(PasswordHistoryTest, OfTwoChangesAtATimeEachIsRemembered) {
  const v1::User user = CreateWithPassword("ada");
  std::vector<std::future<UnaryOutcome<v1::SetPasswordResponse>>> calls;
  for (int i = 0; i < 2; ++i) {
    calls.push_back(
        std::async(std::launch::async, [this, &user, i] { return Set(user.id(), Nth(i)); }));
  }
  for (auto& call : calls) EXPECT_TRUE(call.get().ok());
  // Two were replaced: the first one, and that of whoever came first.
  EXPECT_EQ(Ask("SELECT count(DISTINCT f.password_hash) FROM gatehouse.former_password f "
                "WHERE NOT EXISTS (SELECT FROM gatehouse.user_account u WHERE u.password_hash = "
                "f.password_hash)"),
            "2");
}

class WithoutPasswordHistoryTest : public PasswordHistoryTest {
 protected:
  void Configure(TestBackend::Options& options) override {
    options.config.auth.password_history = 0;
  }
};

TEST_F(WithoutPasswordHistoryTest, NothingIsRememberedAndWhatWasIsForgotten) {
  const v1::User user = CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  ASSERT_EQ(Ask("INSERT INTO gatehouse.former_password (tenant_id, user_id, replace_time, "
                "former_id, password_hash) SELECT tenant_id, user_id, now(), gen_random_uuid(), "
                "password_hash FROM gatehouse.user_account WHERE user_id = '" +
                user.id() + "' RETURNING 1"),
            "1");
  ASSERT_TRUE(Change(ada, kPassword, kOther).ok());
  EXPECT_EQ(CountFormer(), "0");
  EXPECT_TRUE(Change(ada, kOther, kPassword).ok());
  EXPECT_TRUE(Reset(user.id(), kPassword).ok()) << "the one that it has";
}

}  // namespace
}  // namespace gatehouse::tests
