#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "service/common/page_size.h"
#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

using ReadUsersTest = UserFixture;
using Got = v1::GetUserResponse;
using Listed = v1::ListUsersResponse;
using testing::ElementsAre;

v1::GetUserRequest ByUsername(const std::string& username) {
  v1::GetUserRequest request;
  request.set_username(username);
  return request;
}

class ListUsersTest : public UserFixture {
 protected:
  std::vector<std::string> NamesOf(const v1::ListUsersRequest& request) {
    std::vector<std::string> names;
    const auto outcome = Call<Listed>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    for (const v1::User& user : outcome.response.users()) {
      // The administrator itself is of no interest.
      if (user.id() != admin().id.ToString()) names.push_back(user.username());
    }
    return names;
  }
  std::vector<std::string> Filter(const std::string& filter, const std::string& order_by = "") {
    v1::ListUsersRequest request;
    request.set_filter(filter);
    request.set_order_by(order_by);
    return NamesOf(request);
  }
  std::string ReasonOf(const v1::ListUsersRequest& request) {
    return Call<Listed>(admin(), request).reason();
  }
};

TEST_F(ReadUsersTest, FindsByIdUsernameAndEmail) {
  v1::CreateUserRequest request = NewUser("Ada");
  request.mutable_user()->set_email("Ada@Example.com");
  const std::string id = Create(request).id();
  EXPECT_EQ(Get(admin(), id).response.user().id(), id);
  EXPECT_EQ(Call<Got>(admin(), ByUsername("aDA")).response.user().id(), id);
  v1::GetUserRequest by_email;
  by_email.set_email("ADA@example.COM");
  EXPECT_EQ(Call<Got>(admin(), by_email).response.user().id(), id);
}

TEST_F(ReadUsersTest, RefusesBadKeys) {
  EXPECT_EQ(Get(admin(), "0").reason(), "INVALID_FIELD");
  EXPECT_EQ(Get(admin(), "").reason(), "INVALID_FIELD");
  EXPECT_THAT(Call<Got>(admin(), ByUsername("")).message, testing::HasSubstr("must not be empty"));
  const std::string with_nul("a\0b", 3);
  v1::GetUserRequest by_email;
  by_email.set_email(with_nul);
  for (const v1::GetUserRequest& request : {ByUsername(with_nul), by_email}) {
    const auto refused = Call<Got>(admin(), request);
    EXPECT_EQ(refused.reason(), "INVALID_FIELD");
    EXPECT_THAT(refused.message, testing::HasSubstr("U+0000"));
  }
  EXPECT_EQ(Call<Got>(admin(), v1::GetUserRequest()).reason(), "INVALID_FIELD");
  EXPECT_EQ(Get(admin(), "01890000-0000-7000-8000-000000000001").reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Call<Got>(admin(), ByUsername("nobody")).reason(), "USER_NOT_FOUND");
}

TEST_F(ReadUsersTest, AUserReadsItselfAndLearnsNothingOfOthers) {
  const Caller viewer = backend().LogIn("viewer");
  const std::string own = Get(viewer, viewer.id.ToString()).response.user().username();
  EXPECT_NE(own, "");
  EXPECT_TRUE(Call<Got>(viewer, ByUsername(own)).ok());
  // What exists and what does not are denied alike.
  Create("ada");
  const auto other = Call<Got>(viewer, ByUsername("ada"));
  const auto none = Call<Got>(viewer, ByUsername("nobody"));
  EXPECT_EQ(other.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(none.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(other.message, none.message);
}

TEST_F(ReadUsersTest, GetUserIsOneStatement) {
  const std::string id = Create("ada").id();
  Get(admin(), id);
  const uint64_t before = backend().statements();
  ASSERT_TRUE(Get(admin(), id).ok());
  ASSERT_TRUE(Call<Got>(admin(), ByUsername("ada")).ok());
  EXPECT_EQ(backend().statements() - before, 2u);
}

TEST_F(ReadUsersTest, BatchGetKeepsTheOrderAndIsAllOrNothing) {
  v1::BatchGetUsersRequest request;
  for (const char* name : {"a", "b", "c"}) request.add_user_ids(Create(name).id());
  std::swap(*request.mutable_user_ids(0), *request.mutable_user_ids(2));
  request.add_user_ids(request.user_ids(0));
  const auto outcome = Call<v1::BatchGetUsersResponse>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  std::vector<std::string> names;
  for (const v1::User& user : outcome.response.users()) names.push_back(user.username());
  EXPECT_THAT(names, ElementsAre("c", "b", "a", "c"));

  request.add_user_ids("01890000-0000-7000-8000-000000000001");
  EXPECT_EQ(Call<v1::BatchGetUsersResponse>(admin(), request).reason(), "USER_NOT_FOUND");
  request.add_user_ids("x");
  EXPECT_EQ(Call<v1::BatchGetUsersResponse>(admin(), request).reason(), "INVALID_FIELD");
  EXPECT_EQ(Call<v1::BatchGetUsersResponse>(admin(), v1::BatchGetUsersRequest()).reason(),
            "INVALID_FIELD");
  for (int i = 0; i < 100; ++i) request.add_user_ids(request.user_ids(0));
  EXPECT_EQ(Call<v1::BatchGetUsersResponse>(admin(), request).reason(), "INVALID_FIELD");
}

TEST_F(ReadUsersTest, BatchGetRefusesWhatNoClientCouldReceive) {
  constexpr int kUsers = 96;
  static_assert(service::kMaxPageBytes % kUsers == 0);
  const std::string id = Create("ada").id();
  // Gives the user this size as a message: more than its limits allow, so few do.
  const auto resize = [&](size_t bytes) {
    size_t length = bytes - 1000;
    for (int tries = 0; tries < 2; ++tries) {
      Ask("UPDATE gatehouse.user_account SET metadata = jsonb_build_object('x', repeat('x', " +
          std::to_string(length) + ")) WHERE username = 'ada' RETURNING 1");
      length += bytes - Get(admin(), id).response.user().ByteSizeLong();
    }
    ASSERT_EQ(Get(admin(), id).response.user().ByteSizeLong(), bytes);
  };
  v1::BatchGetUsersRequest request;
  for (int i = 0; i < kUsers; ++i) request.add_user_ids(id);
  resize(service::kMaxPageBytes / kUsers);
  const auto most = Call<v1::BatchGetUsersResponse>(admin(), request);
  ASSERT_TRUE(most.ok()) << most.message;
  EXPECT_EQ(most.response.users_size(), kUsers);

  // One more, small as it is, would be too much.
  request.add_user_ids(Create("bob").id());
  const auto refused = Call<v1::BatchGetUsersResponse>(admin(), request);
  EXPECT_EQ(refused.reason(), "TOO_LARGE");
  EXPECT_THAT(refused.message, testing::HasSubstr("ask for fewer"));
  ASSERT_EQ(refused.Detail<google::rpc::BadRequest>()->field_violations_size(), 1);
  EXPECT_EQ(refused.Detail<google::rpc::BadRequest>()->field_violations(0).field(), "user_ids");
}

TEST_F(ListUsersTest, OrdersAndPages) {
  for (const char* name : {"c", "a", "b"}) {
    clock().Advance(std::chrono::seconds(1));
    Create(name);
  }
  EXPECT_THAT(Filter(""), ElementsAre("b", "a", "c"));
  EXPECT_THAT(Filter("", "create_time"), ElementsAre("c", "a", "b"));
  EXPECT_THAT(Filter("", "username"), ElementsAre("a", "b", "c"));
  for (const char* order : {"", "create_time desc", "create_time", "username"}) {
    v1::ListUsersRequest request;
    request.set_order_by(order);
    const std::vector<std::string> whole = NamesOf(request);
    request.set_page_size(1);
    std::vector<std::string> paged;
    do {
      const auto outcome = Call<Listed>(admin(), request);
      ASSERT_TRUE(outcome.ok()) << outcome.message;
      ASSERT_EQ(outcome.response.users_size(), 1);
      if (outcome.response.users(0).id() != admin().id.ToString()) {
        paged.push_back(outcome.response.users(0).username());
      }
      request.set_page_token(outcome.response.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(paged, whole) << order;
  }
}

TEST_F(ListUsersTest, UsersOfOneMomentAreAllListed) {
  // The clock stands still: only the id tells them apart.
  for (int i = 0; i < 5; ++i) Create("user" + std::to_string(i));
  v1::ListUsersRequest request;
  request.set_page_size(2);
  std::vector<std::string> ids;
  do {
    const auto outcome = Call<Listed>(admin(), request);
    for (const v1::User& user : outcome.response.users()) ids.push_back(user.id());
    request.set_page_token(outcome.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(ids.size(), 6u);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 6u);
}

TEST_F(ListUsersTest, FiltersByWhatIsIndexed) {
  const auto add = [this](const std::string& name, const std::string& role, v1::UserState state) {
    clock().Advance(std::chrono::seconds(1));
    v1::CreateUserRequest request = NewUser(name);
    request.mutable_user()->set_email(name + "@Example.com");
    request.mutable_user()->set_role(role);
    request.mutable_user()->set_state(state);
    Create(request);
  };
  add("Joan", "viewer", v1::USER_STATE_ACTIVE);
  add("John", "analyst", v1::USER_STATE_DISABLED);
  add("Kim", "analyst", v1::USER_STATE_ACTIVE);
  add("zed", "viewer", v1::USER_STATE_DISABLED);
  EXPECT_THAT(Filter("username = \"JOHN\""), ElementsAre("John"));
  EXPECT_THAT(Filter("email = \"KIM@example.com\""), ElementsAre("Kim"));
  EXPECT_THAT(Filter("username = \"JO*\""), ElementsAre("Joan", "John"));
  EXPECT_THAT(Filter("email = \"jo*\" AND role = analyst"), ElementsAre("John"));
  EXPECT_THAT(Filter("role = analyst"), ElementsAre("Kim", "John"));
  EXPECT_THAT(Filter("role = analyst", "create_time"), ElementsAre("John", "Kim"));
  EXPECT_THAT(Filter("role = analyst AND state = ACTIVE"), ElementsAre("Kim"));
  EXPECT_THAT(Filter("state = DISABLED"), ElementsAre("zed", "John"));
  EXPECT_THAT(Filter("state = DISABLED", "create_time"), ElementsAre("John", "zed"));
  EXPECT_THAT(Filter("state = DISABLED", "username"), ElementsAre("John", "zed"));
  EXPECT_THAT(Filter("username = \"JOHN\" AND state = ACTIVE"), ElementsAre());
}

TEST_F(ListUsersTest, ShowsDeletedOnesOnlyWhenAsked) {
  v1::DeleteUserRequest deletion;
  deletion.set_user_id(Create("gone").id());
  ASSERT_TRUE(Call<v1::DeleteUserResponse>(admin(), deletion).ok());
  EXPECT_THAT(Filter(""), ElementsAre());
  v1::ListUsersRequest request;
  request.set_show_deleted(true);
  EXPECT_THAT(NamesOf(request), ElementsAre("gone"));
  request.set_order_by("username");
  EXPECT_EQ(ReasonOf(request), "INVALID_FIELD");
}

TEST_F(ListUsersTest, RefusesBadInput) {
  const auto reason_of = [this](auto change) {
    v1::ListUsersRequest request;
    change(request);
    return ReasonOf(request);
  };
  EXPECT_EQ(reason_of([](auto& r) { r.set_page_size(-1); }), "INVALID_FIELD");
  EXPECT_EQ(reason_of([](auto& r) { r.set_order_by("bio"); }), "INVALID_FIELD");
  EXPECT_EQ(reason_of([](auto& r) { r.set_filter("bio = x"); }), "INVALID_FILTER");
  EXPECT_EQ(reason_of([](auto& r) { r.set_filter("state = GONE"); }), "INVALID_FILTER");
  EXPECT_EQ(reason_of([](auto& r) { r.set_filter("role = amdin"); }), "INVALID_FILTER");
  EXPECT_EQ(reason_of([](auto& r) { r.set_filter("username = a AND email = b"); }),
            "INVALID_FILTER");
  EXPECT_EQ(reason_of([](auto& r) { r.set_page_token("x"); }), "INVALID_PAGE_TOKEN");
}

TEST_F(ListUsersTest, APageTokenIsGoodForItsQueryAlone) {
  Create("a");
  Create("b");
  v1::ListUsersRequest request;
  request.set_page_size(1);
  const std::string token = Call<Listed>(admin(), request).response.next_page_token();
  ASSERT_FALSE(token.empty());
  request.set_page_token(token);
  EXPECT_EQ(ReasonOf(request), "");
  request.set_page_size(2);  // The size may change.
  EXPECT_EQ(ReasonOf(request), "");

  v1::ListUsersRequest other = request;
  other.set_filter("role = viewer");
  EXPECT_EQ(ReasonOf(other), "INVALID_PAGE_TOKEN");
  other = request;
  other.set_order_by("create_time");
  EXPECT_EQ(ReasonOf(other), "INVALID_PAGE_TOKEN");
  other = request;
  other.set_show_deleted(true);
  EXPECT_EQ(ReasonOf(other), "INVALID_PAGE_TOKEN");
  other = request;
  other.mutable_page_token()->at(10) ^= 1;
  EXPECT_EQ(ReasonOf(other), "INVALID_PAGE_TOKEN");
  v1::ListApiKeysRequest keys;
  keys.set_page_token(token);
  EXPECT_EQ(Call<v1::ListApiKeysResponse>(admin(), keys).reason(), "INVALID_PAGE_TOKEN");
}

TEST_F(ListUsersTest, IsOneStatement) {
  for (const char* filter :
       {"", "username = a*", "email = a@b.example", "role = viewer", "state = ACTIVE"}) {
    Filter(filter);
    const uint64_t before = backend().statements();
    Filter(filter);
    EXPECT_EQ(backend().statements() - before, 1u) << filter;
  }
}

TEST_F(ListUsersTest, APageOfLargeUsersFitsIntoAnAnswer) {
  v1::CreateUserRequest request = NewUser("x");
  (*request.mutable_user()->mutable_metadata()->mutable_fields())["x"].set_string_value(
      std::string(16000, 'x'));
  Create(request);
  // Copies of it, made where that is quick.
  Ask("INSERT INTO gatehouse.user_account SELECT (u).* FROM (SELECT jsonb_populate_record(a, "
      "jsonb_build_object('user_id', gen_random_uuid(), 'username', 'x' || i, 'username_key', "
      "'x' || i)) u FROM gatehouse.user_account a, generate_series(1, 300) i "
      "WHERE a.username = 'x') copies");
  v1::ListUsersRequest list;
  list.set_page_size(1000);
  int users = 0;
  int pages = 0;
  do {
    const auto outcome = Call<Listed>(admin(), list);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    users += outcome.response.users_size();
    ++pages;
    list.set_page_token(outcome.response.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(users, 302);
  EXPECT_GT(pages, 1);
}

}  // namespace
}  // namespace gatehouse::tests
