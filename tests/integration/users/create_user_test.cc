#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

using CreateUserTest = UserFixture;
using Created = v1::CreateUserResponse;
using testing::HasSubstr;
using testing::Not;

TEST_F(CreateUserTest, ReturnsTheUserAsItIsStored) {
  v1::CreateUserRequest request = NewUser("Ada.Lovelace");
  v1::User& user = *request.mutable_user();
  user.set_email("Ada@Example.com");
  user.set_first_name("Ada");
  user.set_timezone("Europe/London");
  user.set_locale("en-GB");
  user.set_avatar_url("https://example.com/ada.png");
  (*user.mutable_metadata()->mutable_fields())["team"].set_string_value("engines");
  user.set_role("analyst");
  const v1::User created = Create(request);
  EXPECT_EQ(created.username(), "Ada.Lovelace");
  EXPECT_EQ(created.state(), v1::USER_STATE_ACTIVE);
  EXPECT_EQ(created.role(), "analyst");
  EXPECT_FALSE(created.etag().empty());
  const auto read = Get(admin(), created.id());
  ASSERT_TRUE(read.ok()) << read.message;
  EXPECT_EQ(read.response.user().DebugString(), created.DebugString());
}

TEST_F(CreateUserTest, WritesItsEventInTheSameTransaction) {
  const v1::User user = Create("ada");
  EXPECT_EQ(
      Ask("SELECT actor_type || ' ' || outcome || ' ' || (targets->0->>'id') || ' ' || details "
          "FROM gatehouse.event WHERE type = 'user.created'"),
      "user 1 " + user.id() + " {\"role\": \"viewer\"}");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e JOIN gatehouse.user_account u "
                "ON u.user_id::text = e.targets->0->>'id' WHERE e.xid = u.xmin::text::xid8"),
            "1");
}

TEST_F(CreateUserTest, StoresAHashOfThePasswordAndNothingElseOfIt) {
  v1::CreateUserRequest request = NewUser("ada");
  request.set_password("correct horse battery");
  request.set_request_id(kRequestId);
  Create(request);
  EXPECT_THAT(Ask("SELECT password_hash FROM gatehouse.user_account WHERE username = 'ada'"),
              testing::StartsWith("$argon2id$"));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE details::text LIKE '%horse%'"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.request WHERE "
                "position('horse'::bytea IN response) > 0"),
            "0");
}

TEST_F(CreateUserTest, NamesAreTakenInEveryCaseAndForm) {
  v1::CreateUserRequest first = NewUser("Jos\u00e9");
  first.mutable_user()->set_email("jose@example.com");
  Create(first);
  EXPECT_EQ(Call<Created>(admin(), NewUser("JOSE\u0301")).reason(), "USERNAME_TAKEN");
  v1::CreateUserRequest other = NewUser("other");
  other.mutable_user()->set_email("JOSE@EXAMPLE.COM");
  EXPECT_EQ(Call<Created>(admin(), other).reason(), "EMAIL_TAKEN");
  EXPECT_EQ(CountEvents("user.created"), "1");
}

TEST_F(CreateUserTest, NobodysUsernameIsAnotherOnesEmail) {
  v1::CreateUserRequest first = NewUser("ada");
  first.mutable_user()->set_email("ada@example.com");
  Create(first);
  EXPECT_EQ(Call<Created>(admin(), NewUser("ada@example.com")).reason(), "USERNAME_TAKEN");
  Create("bob@example.com");
  v1::CreateUserRequest third = NewUser("third");
  third.mutable_user()->set_email("bob@example.com");
  EXPECT_EQ(Call<Created>(admin(), third).reason(), "EMAIL_TAKEN");
}

TEST_F(CreateUserTest, TakesAProposedIdOnce) {
  v1::CreateUserRequest request = NewUser("ada");
  request.set_user_id("01890000-0000-7000-8000-0000000000aa");
  EXPECT_EQ(Create(request).id(), request.user_id());
  request.mutable_user()->set_username("other");
  EXPECT_EQ(Call<Created>(admin(), request).reason(), "ID_TAKEN");
  request.set_user_id("01890000-0000-4000-8000-0000000000aa");
  EXPECT_EQ(Call<Created>(admin(), request).reason(), "INVALID_FIELD");
}

TEST_F(CreateUserTest, ReportsEveryWrongFieldAtOnce) {
  v1::CreateUserRequest request = NewUser("has blank");
  v1::User& user = *request.mutable_user();
  user.set_email("no-at-sign");
  user.set_bio(std::string(2001, 'x'));
  user.set_avatar_url("javascript:alert(1)");
  user.set_timezone("Berlin; DROP TABLE");
  user.set_locale(std::string(36, 'a'));
  user.set_state(v1::USER_STATE_DELETED);
  request.set_password("short");
  request.set_user_id("not-a-uuid");
  const auto outcome = Call<Created>(admin(), request);
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  const auto bad = outcome.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(bad);
  std::vector<std::string> fields;
  for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, testing::UnorderedElementsAre("user_id", "user.username", "user.email",
                                                    "user.bio", "user.avatar_url", "user.timezone",
                                                    "user.locale", "user.state", "password"));
}

struct BadUser {
  const char* what;
  std::function<void(v1::CreateUserRequest&)> make;
  const char* reason;
};

TEST_F(CreateUserTest, RefusesBadInput) {
  const BadUser cases[] = {
      {"no username", [](auto& r) { r.mutable_user()->clear_username(); }, "INVALID_FIELD"},
      {"no user", [](auto& r) { r.clear_user(); }, "INVALID_FIELD"},
      {"65 characters", [](auto& r) { r.mutable_user()->set_username(std::string(65, 'a')); },
       "INVALID_FIELD"},
      {"a name of control characters", [](auto& r) { r.mutable_user()->set_username("a\x01"); },
       "INVALID_FIELD"},
      {"NUL in a name", [](auto& r) { r.mutable_user()->set_first_name(std::string("a\0b", 3)); },
       "INVALID_FIELD"},
      {"an email of 255 bytes",
       [](auto& r) { r.mutable_user()->set_email("a@" + std::string(253, 'b')); }, "INVALID_FIELD"},
      {"two @", [](auto& r) { r.mutable_user()->set_email("a@b@c"); }, "INVALID_FIELD"},
      {"unknown role", [](auto& r) { r.mutable_user()->set_role("root"); }, "ROLE_NOT_FOUND"},
      {"NaN in metadata",
       [](auto& r) {
         (*r.mutable_user()->mutable_metadata()->mutable_fields())["x"].set_number_value(NAN);
       },
       "INVALID_FIELD"},
      {"17 KiB of metadata",
       [](auto& r) {
         (*r.mutable_user()->mutable_metadata()->mutable_fields())["x"].set_string_value(
             std::string(17 << 10, 'x'));
       },
       "TOO_LARGE"},
      {"a password with the username in it", [](auto& r) { r.set_password("my-LOVELACE-secret"); },
       "PASSWORD_POLICY"},
      {"a password of 1025 bytes", [](auto& r) { r.set_password(std::string(1025, 'p')); },
       "PASSWORD_POLICY"},
      {"a malformed request_id", [](auto& r) { r.set_request_id("1"); }, "INVALID_FIELD"},
  };
  for (const BadUser& bad : cases) {
    v1::CreateUserRequest request = NewUser("lovelace");
    bad.make(request);
    EXPECT_EQ(Call<Created>(admin(), request).reason(), bad.reason) << bad.what;
  }
  EXPECT_EQ(CountEvents("user.created"), "0");
}

TEST_F(CreateUserTest, AStringThatIsNotUtf8IsAMalformedRequest) {
  // protobuf does not serialise such a string: by hand, user { username: "\xff" }.
  const std::string bytes("\x0a\x03\x12\x01\xff", 5);
  GrpcClient& client = raw_client();
  const CallOutcome outcome =
      client.CallBytes("/gatehouse.v1.UserService/CreateUser", bytes,
                       {.metadata = {{"authorization", "Bearer " + admin().credential}}});
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(outcome.reason(), "MALFORMED_REQUEST");
}

TEST_F(CreateUserTest, ValidateOnlyChecksEverythingAndChangesNothing) {
  Create("taken");
  v1::CreateUserRequest request = NewUser("ada");
  request.set_validate_only(true);
  request.set_request_id(kRequestId);
  EXPECT_TRUE(Call<Created>(admin(), request).ok());
  request.mutable_user()->set_username("TAKEN");
  EXPECT_EQ(Call<Created>(admin(), request).reason(), "USERNAME_TAKEN");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.user_account WHERE username = 'ada'"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.request"), "0");
  EXPECT_EQ(CountEvents("user.created"), "1");
}

TEST_F(CreateUserTest, NeedsItsPermission) {
  EXPECT_EQ(Call<Created>(nobody(), NewUser("ada")).reason(), "UNAUTHENTICATED");
  EXPECT_EQ(Call<Created>(backend().LogIn("viewer"), NewUser("ada")).reason(), "PERMISSION_DENIED");
}

TEST_F(CreateUserTest, MakesNobodyMorePowerfulThanTheCaller) {
  const Caller clerk = backend().MakeApiKey({"users.write"});
  v1::CreateUserRequest request = NewUser("ada");
  EXPECT_TRUE(Call<Created>(clerk, request).ok());
  request = NewUser("eve");
  request.mutable_user()->set_role("admin");
  EXPECT_EQ(Call<Created>(clerk, request).reason(), "PERMISSION_DENIED");
}

TEST_F(CreateUserTest, IsOneBatch) {
  Create("warm-up");
  const uint64_t syncs = backend().storage->database->stats().syncs;
  Create("ada");
  EXPECT_EQ(backend().storage->database->stats().syncs - syncs, 1u);
}

}  // namespace
}  // namespace gatehouse::tests
