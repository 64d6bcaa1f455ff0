// Signing keys out of turn: published before they sign, or at once in an emergency.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/integration/admin/admin_fixture.h"

namespace gatehouse::tests {
namespace {

class SigningKeysTest : public AdminFixture {
 protected:
  void SetUp() override {
    AdminFixture::SetUp();
    AddUser("ada");
    // The key of a test's backend is not stored; from here on one is that is.
    const absl::Status rotated = backend().runner.Run<absl::Status>(
        [&] { return backend().auth.key_rotation.RunOnce(backend().SystemContext()); });
    ASSERT_TRUE(rotated.ok()) << rotated;
  }

  std::vector<v1::SigningKey> Keys() {
    const auto listed = Call<v1::ListSigningKeysResponse>(operator_, v1::ListSigningKeysRequest());
    EXPECT_TRUE(listed.ok()) << listed.message;
    return {listed.response.keys().begin(), listed.response.keys().end()};
  }

  UnaryOutcome<v1::RotateSigningKeyResponse> Rotate(bool emergency,
                                                    const std::string& request_id = "",
                                                    bool validate_only = false) {
    v1::RotateSigningKeyRequest request;
    request.set_emergency(emergency);
    request.set_request_id(request_id);
    request.set_validate_only(validate_only);
    return Call<v1::RotateSigningKeyResponse>(operator_, request);
  }

  std::string KeySet() {
    return Call<v1::GetJwksResponse>(nobody(), v1::GetJwksRequest()).response.jwks_json();
  }
  bool IsPublished(const std::string& key_id) { return KeySet().find(key_id) != std::string::npos; }
};

TEST_F(SigningKeysTest, ANewKeyIsPublishedBeforeItSigns) {
  ASSERT_EQ(Keys().size(), 1u);
  const v1::SigningKey first = Keys().front();
  EXPECT_EQ(first.state(), v1::SIGNING_KEY_STATE_SIGNING);
  EXPECT_EQ(first.algorithm(), "ES256");
  EXPECT_FALSE(first.has_retire_time());
  const std::string token = LogIn("ada").response.tokens().access_token();

  const auto would = Rotate(false, "", true);
  ASSERT_TRUE(would.ok()) << would.message;
  EXPECT_EQ(Keys().size(), 1u) << "it only said so";
  const auto rotated = Rotate(false, kRequestId);
  ASSERT_TRUE(rotated.ok()) << rotated.message;
  const v1::SigningKey second = rotated.response.key();
  EXPECT_EQ(second.state(), v1::SIGNING_KEY_STATE_PUBLISHED);
  EXPECT_EQ(rotated.response.retire_time().seconds(), second.active_from_time().seconds());
  EXPECT_EQ(second.active_from_time().seconds() - second.create_time().seconds(), 600);
  EXPECT_EQ(rotated.response.deleted_key_ids_size(), 0);
  EXPECT_TRUE(IsPublished(first.key_id()));
  EXPECT_TRUE(IsPublished(second.key_id()));
  EXPECT_TRUE(Works(token));
  ASSERT_EQ(Keys().size(), 2u);
  EXPECT_EQ(Keys()[0].state(), v1::SIGNING_KEY_STATE_SIGNING);
  EXPECT_EQ(Keys()[1].DebugString(), second.DebugString());

  // Repeated, and asked for anew: it is under way already.
  EXPECT_EQ(Rotate(false, kRequestId).response.DebugString(), rotated.response.DebugString());
  const auto again = Rotate(false);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_FALSE(again.response.has_key());
  EXPECT_EQ(Keys().size(), 2u);

  clock().Advance(std::chrono::minutes(10));
  EXPECT_EQ(Keys()[0].state(), v1::SIGNING_KEY_STATE_RETIRED);
  EXPECT_EQ(Keys()[1].state(), v1::SIGNING_KEY_STATE_SIGNING);
  EXPECT_EQ(Ask("SELECT actor_type || ' ' || details::text FROM gatehouse.event WHERE type = "
                "'gatehouse.signing_key_rotated' ORDER BY event_id DESC LIMIT 1"),
            R"(api_key {"emergency": false})");
}

TEST_F(SigningKeysTest, InAnEmergencyNoTokenIsGoodAnyMoreAndSessionsLiveOn) {
  ASSERT_TRUE(Rotate(false).ok());
  const std::vector<v1::SigningKey> before = Keys();
  ASSERT_EQ(before.size(), 2u);
  const auto login = LogIn("ada").response;
  ASSERT_TRUE(Works(login.tokens().access_token()));
  ASSERT_TRUE(Works(login.tokens().access_token())) << "from memory";

  const auto rotated = Rotate(true, kRequestId);
  ASSERT_TRUE(rotated.ok()) << rotated.message;
  EXPECT_EQ(rotated.response.key().state(), v1::SIGNING_KEY_STATE_SIGNING);
  EXPECT_EQ(rotated.response.deleted_key_ids_size(), 2) << "the published one as well";
  EXPECT_FALSE(rotated.response.has_retire_time());
  EXPECT_FALSE(Works(login.tokens().access_token()));
  for (const v1::SigningKey& key : before) EXPECT_FALSE(IsPublished(key.key_id()));
  EXPECT_TRUE(IsPublished(rotated.response.key().key_id()));
  ASSERT_EQ(Keys().size(), 1u);

  const auto refreshed = Refresh(login.tokens().refresh_token());
  ASSERT_TRUE(refreshed.ok()) << refreshed.message;
  EXPECT_TRUE(Works(refreshed.response.tokens().access_token()));

  EXPECT_EQ(Rotate(true, kRequestId).response.DebugString(), rotated.response.DebugString());
  EXPECT_TRUE(Works(refreshed.response.tokens().access_token())) << "a retry is no rotation";
  EXPECT_EQ(Rotate(false, kRequestId).reason(), "REQUEST_ID_REUSED");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'gatehouse.signing_key_rotated' "
                "AND details = '{\"emergency\": true}'"),
            "1");
  // The schedule goes on from the new key.
  EXPECT_TRUE(Rotate(false).response.has_key());
}

TEST_F(SigningKeysTest, APrivateKeyIsNowhereInAnAnswer) {
  const std::string answers = Rotate(false).response.DebugString() + KeySet() +
                              Keys().back().DebugString() + Rotate(true).response.DebugString();
  EXPECT_EQ(answers.find("\"d\""), std::string::npos);
  EXPECT_EQ(answers.find("private"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::tests
