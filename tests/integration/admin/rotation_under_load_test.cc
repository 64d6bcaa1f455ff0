// Signing keys change while people log in, refresh and are verified.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/integration/admin/admin_fixture.h"

namespace gatehouse::tests {
namespace {

constexpr int kPeople = 8;

class RotationUnderLoadTest : public AdminFixture {
 protected:
  // Somebody, and the token that goes on.
  struct Person {
    std::string refresh_token;
    std::string access_token;
  };

  void SetUp() override {
    AdminFixture::SetUp();
    for (int i = 0; i < kPeople; ++i) AddUser(NameOf(i));
    // The key of a test's backend is not stored; from here on one is that is.
    const absl::Status rotated = backend().runner.Run<absl::Status>(
        [&] { return backend().auth.key_rotation.RunOnce(backend().SystemContext()); });
    ASSERT_TRUE(rotated.ok()) << rotated;
    for (int i = 0; i < kPeople; ++i) {
      const auto login = LogIn(NameOf(i));
      ASSERT_TRUE(login.ok()) << login.message;
      people_.push_back(
          {login.response.tokens().refresh_token(), login.response.tokens().access_token()});
    }
  }

  static std::string NameOf(int i) { return "user" + std::to_string(i); }

  // Each person refreshes, and is verified if `verifies`, while the caller does what it does.
  std::vector<std::future<void>> StartTraffic(bool verifies) {
    std::vector<std::future<void>> traffic;
    for (Person& person : people_) {
      traffic.push_back(std::async(std::launch::async, [this, &person, verifies] {
        for (int i = 0; i < 3; ++i) {
          const auto refreshed = Refresh(person.refresh_token);
          ASSERT_TRUE(refreshed.ok()) << refreshed.message;
          person.refresh_token = refreshed.response.tokens().refresh_token();
          person.access_token = refreshed.response.tokens().access_token();
          if (verifies) EXPECT_TRUE(Works(person.access_token));
        }
      }));
    }
    return traffic;
  }
  UnaryOutcome<v1::RotateSigningKeyResponse> Rotate(bool emergency) {
    v1::RotateSigningKeyRequest request;
    request.set_emergency(emergency);
    return Call<v1::RotateSigningKeyResponse>(operator_, request);
  }
  // What says by which key a token is signed.
  static std::string HeaderOf(const std::string& token) { return token.substr(0, token.find('.')); }

  std::vector<Person> people_;
};

TEST_F(RotationUnderLoadTest, NobodyNoticesThatKeysChange) {
  std::set<std::string> headers;
  for (int minute = 0; minute < 25; ++minute) {
    // Good for five minutes, whatever becomes of the key that signed it.
    const std::string before = people_[0].access_token;
    std::vector<std::future<void>> traffic = StartTraffic(/*verifies=*/true);
    if (minute % 12 == 0) EXPECT_TRUE(Rotate(false).ok()) << minute;
    for (auto& one : traffic) one.get();
    EXPECT_TRUE(Works(before)) << minute;
    for (const Person& person : people_) headers.insert(HeaderOf(person.access_token));
    clock().Advance(std::chrono::minutes(1));
  }
  // Two were asked for and signed since; the third waits for its turn.
  EXPECT_EQ(headers.size(), 3u);
  EXPECT_EQ(CountEvents("session.revoked"), "0");
  EXPECT_EQ(CountEvents("session.refresh_token_reused"), "0");
}

TEST_F(RotationUnderLoadTest, InAnEmergencyTokensDieAndNobodyHasToLogIn) {
  std::vector<std::string> before;
  for (const Person& person : people_) before.push_back(person.access_token);
  std::vector<std::future<void>> traffic = StartTraffic(/*verifies=*/false);
  const auto rotated = Rotate(true);
  EXPECT_TRUE(rotated.ok()) << rotated.message;
  for (auto& one : traffic) one.get();
  for (const std::string& token : before) EXPECT_FALSE(Works(token));
  // What was given afterwards is of the new key.
  traffic = StartTraffic(/*verifies=*/true);
  for (auto& one : traffic) one.get();
  std::set<std::string> headers;
  for (const Person& person : people_) headers.insert(HeaderOf(person.access_token));
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(CountEvents("session.revoked"), "0");
}

}  // namespace
}  // namespace gatehouse::tests
