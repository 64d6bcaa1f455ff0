#include <gtest/gtest.h>

#include <string>

#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

class UndeleteUserTest : public UserFixture {
 protected:
  v1::User Deleted(const std::string& name) {
    v1::CreateUserRequest request = NewUser(name);
    request.mutable_user()->set_email(name + "@example.com");
    v1::DeleteUserRequest deletion;
    deletion.set_user_id(Create(request).id());
    const auto outcome = Call<v1::DeleteUserResponse>(admin(), deletion);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.user();
  }
  v1::UndeleteUserRequest Request(const v1::User& user) {
    v1::UndeleteUserRequest request;
    request.set_user_id(user.id());
    return request;
  }
  UnaryOutcome<v1::UndeleteUserResponse> Undelete(const v1::UndeleteUserRequest& request) {
    return Call<v1::UndeleteUserResponse>(admin(), request);
  }
};

TEST_F(UndeleteUserTest, BringsBackWhatWasThere) {
  const v1::User deleted = Deleted("ada");
  EXPECT_EQ(Get(admin(), deleted.id()).reason(), "USER_NOT_FOUND");
  const uint64_t before = backend().round_trips();
  const auto outcome = Undelete(Request(deleted));
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(backend().round_trips() - before, 2u);
  const v1::User& user = outcome.response.user();
  EXPECT_EQ(user.state(), v1::USER_STATE_ACTIVE);
  EXPECT_EQ(user.email(), "ada@example.com");
  EXPECT_FALSE(user.has_delete_time());
  EXPECT_FALSE(user.has_purge_time());
  EXPECT_NE(user.etag(), deleted.etag());
  EXPECT_EQ(Get(admin(), user.id()).response.user().DebugString(), user.DebugString());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e JOIN gatehouse.user_account u ON "
                "u.xmin::text = e.xid::text WHERE e.type = 'user.undeleted'"),
            "1");
}

TEST_F(UndeleteUserTest, OneThatIsThereStaysAsItIs) {
  const v1::User user = Create("ada");
  const auto outcome = Undelete(Request(user));
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.user().DebugString(), user.DebugString());
  EXPECT_EQ(CountEvents("user.undeleted"), "0");
}

TEST_F(UndeleteUserTest, NamesMayBeSomebodyElsesByNow) {
  const v1::User ada = Deleted("ada");
  Create("ada");
  v1::UndeleteUserRequest request = Request(ada);
  request.set_validate_only(true);
  EXPECT_EQ(Undelete(request).reason(), "USERNAME_TAKEN");
  EXPECT_EQ(Undelete(Request(ada)).reason(), "USERNAME_TAKEN");
  const v1::User bob = Deleted("bob");
  v1::CreateUserRequest other = NewUser("robert");
  other.mutable_user()->set_email("bob@example.com");
  Create(other);
  EXPECT_EQ(Undelete(Request(bob)).reason(), "EMAIL_TAKEN");
  EXPECT_EQ(CountEvents("user.undeleted"), "0");
}

TEST_F(UndeleteUserTest, ValidateOnlyAndRepetitionsChangeNothingMore) {
  v1::UndeleteUserRequest request = Request(Deleted("ada"));
  request.set_validate_only(true);
  ASSERT_TRUE(Undelete(request).ok());
  EXPECT_EQ(CountEvents("user.undeleted"), "0");
  request.set_validate_only(false);
  request.set_request_id(kRequestId);
  const auto first = Undelete(request);
  const auto again = Undelete(request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.DebugString(), first.response.DebugString());
  EXPECT_EQ(CountEvents("user.undeleted"), "1");
}

TEST_F(UndeleteUserTest, RefusesWhatItMust) {
  v1::UndeleteUserRequest request = Request(Deleted("ada"));
  request.set_etag("\"999\"");
  EXPECT_EQ(Undelete(request).reason(), "ETAG_MISMATCH");
  request.clear_etag();
  EXPECT_EQ(Call<v1::UndeleteUserResponse>(backend().LogIn("viewer"), request).reason(),
            "PERMISSION_DENIED");
  request.set_user_id("x");
  EXPECT_EQ(Undelete(request).reason(), "INVALID_FIELD");
  request.set_user_id("01890000-0000-7000-8000-000000000001");
  EXPECT_EQ(Undelete(request).reason(), "USER_NOT_FOUND");
  // Who may do more is not brought back by who may do less.
  v1::CreateUserRequest boss = NewUser("boss");
  boss.mutable_user()->set_role("admin");
  v1::DeleteUserRequest deletion;
  deletion.set_user_id(Create(boss).id());
  ASSERT_TRUE(Call<v1::DeleteUserResponse>(admin(), deletion).ok());
  request.set_user_id(deletion.user_id());
  EXPECT_EQ(Call<v1::UndeleteUserResponse>(backend().MakeApiKey({"users.write"}), request).reason(),
            "PERMISSION_DENIED");
}

}  // namespace
}  // namespace gatehouse::tests
