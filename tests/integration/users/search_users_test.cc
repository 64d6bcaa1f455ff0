#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

using Listed = v1::ListUsersResponse;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SearchUsersTest : public UserFixture {
 protected:
  struct Person {
    std::string username;
    std::string email;
    std::string first_name;
    std::string last_name;
    std::string role;
  };

  v1::User Add(const Person& person) {
    v1::CreateUserRequest request = NewUser(person.username);
    v1::User& user = *request.mutable_user();
    user.set_email(person.email);
    user.set_first_name(person.first_name);
    user.set_last_name(person.last_name);
    user.set_role(person.role);
    return Create(request);
  }

  UnaryOutcome<Listed> Search(const std::string& filter, int page_size = 0,
                              const std::string& page_token = "") {
    v1::ListUsersRequest request;
    request.set_filter(filter);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return Call<Listed>(admin(), request);
  }
  std::vector<std::string> Found(const std::string& filter) {
    const auto outcome = Search(filter);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    std::vector<std::string> names;
    for (const v1::User& user : outcome.response.users()) names.push_back(user.username());
    return names;
  }
  // Users that "crowd" finds.
  void AddCrowd(int number) {
    Ask("INSERT INTO gatehouse.user_account (tenant_id, user_id, username, username_key, "
        "first_name, last_name, bio, avatar_url, timezone, locale, metadata, role, state, epoch, "
        "create_time, update_time, version) SELECT tenant_id, gen_random_uuid(), 'crowd' || i, "
        "'crowd' || i, '', '', '', '', '', '', '{}', 'viewer', 1, 1, create_time, create_time, 1 "
        "FROM gatehouse.user_account, generate_series(1, " +
        std::to_string(number) + ") AS i WHERE user_id = '" + admin().id.ToString() +
        "' RETURNING 1");
  }
};

TEST_F(SearchUsersTest, FindsAnyPartOfTheNames) {
  Add({"countess", "ada@math.example", "Ada", "Lovelace", "viewer"});
  Add({"lacemaker", "", "", "", "viewer"});
  Add({"grace", "hopper@laces.example", "Grace", "Hopper", "analyst"});
  EXPECT_THAT(Found("search = lace"), ElementsAre("countess", "grace", "lacemaker"));
  EXPECT_THAT(Found("search = LOVELACE"), ElementsAre("countess"));
  EXPECT_THAT(Found("search = 'ada lov'"), ElementsAre("countess"));
  EXPECT_THAT(Found("search = 'r@laces.ex'"), ElementsAre("grace"));
  EXPECT_THAT(Found("search = lace AND role = analyst"), ElementsAre("grace"));
  EXPECT_THAT(Found("search = lace AND state = DISABLED"), IsEmpty());
  EXPECT_THAT(Found("search = babbage"), IsEmpty());
}

TEST_F(SearchUsersTest, APartEndsWithItsField) {
  Add({"ada", "love@example.com", "Ann", "Lace", "viewer"});
  EXPECT_THAT(Found("search = adalove"), IsEmpty());
  EXPECT_THAT(Found("search = comann"), IsEmpty());
  EXPECT_THAT(Found("search = annlace"), IsEmpty());
}

TEST_F(SearchUsersTest, LettersAreThoseOfAllAlphabets) {
  Add({"one", "", "Żaneta", "Świerk", "viewer"});
  Add({"two", "", "Мария", "", "viewer"});
  EXPECT_THAT(Found("search = żaneta"), ElementsAre("one"));
  EXPECT_THAT(Found("search = ŚWIERK"), ElementsAre("one"));
  EXPECT_THAT(Found("search = мар"), ElementsAre("two"));
}

TEST_F(SearchUsersTest, WhatLikeTakesForMoreIsItself) {
  Add({"under_score", "", "100% sure", "back\\slash", "viewer"});
  Add({"underXscore", "", "100 sure", "backslash", "viewer"});
  EXPECT_THAT(Found("search = under_score"), ElementsAre("under_score"));
  EXPECT_THAT(Found("search = '100% sure'"), ElementsAre("under_score"));
  EXPECT_THAT(Found(R"(search = "back\\slash")"), ElementsAre("under_score"));
}

TEST_F(SearchUsersTest, DeletedOnesAreNotFound) {
  const v1::User user = Add({"lovelace", "", "", "", "viewer"});
  v1::DeleteUserRequest request;
  request.set_user_id(user.id());
  ASSERT_TRUE(Call<v1::DeleteUserResponse>(admin(), request).ok());
  EXPECT_THAT(Found("search = lovelace"), IsEmpty());
}

TEST_F(SearchUsersTest, PagesByUsername) {
  for (const char* name : {"lace3", "lace1", "Lace2", "lace5", "lace4"}) {
    Add({name, "", "", "", "viewer"});
  }
  std::vector<std::string> names;
  std::string token;
  int pages = 0;
  do {
    const auto outcome = Search("search = lace", 2, token);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    for (const v1::User& user : outcome.response.users()) names.push_back(user.username());
    token = outcome.response.next_page_token();
  } while (!token.empty() && ++pages < 9);
  EXPECT_THAT(names, ElementsAre("lace1", "Lace2", "lace3", "lace4", "lace5"));
  const std::string first = Search("search = lace", 2).response.next_page_token();
  EXPECT_EQ(Search("search = ace", 2, first).reason(), "INVALID_PAGE_TOKEN");
}

TEST_F(SearchUsersTest, WhatTooManyMatchIsRefused) {
  AddCrowd(1'000);
  EXPECT_TRUE(Search("search = crowd").ok());
  const std::string token = Search("search = crowd", 999).response.next_page_token();
  Add({"crowded", "", "", "", "viewer"});
  const auto outcome = Search("search = crowd");
  EXPECT_EQ(outcome.reason(), "INVALID_FILTER");
  EXPECT_THAT(outcome.message, HasSubstr("more than 1000 users"));
  EXPECT_EQ(Search("search = crowd", 999, token).reason(), "INVALID_FILTER") << "in midst of it";
  EXPECT_EQ(Search("search = crowd AND role = admin").reason(), "INVALID_FILTER");
  EXPECT_THAT(Found("search = crowded"), ElementsAre("crowded"));
}

TEST_F(SearchUsersTest, RefusesWhatTheIndexDoesNotFind) {
  for (const std::string filter :
       {"search = la", "search = 'a b c d'", "search = '...'", "search = 'a-b.c@d'",
        "search = lace*", "search > lace", "search = ''", "search = lace AND username = ada",
        "search = lace AND email = 'ada*'", "search = lace AND search = ada"}) {
    EXPECT_EQ(Search(filter).reason(), "INVALID_FILTER") << filter;
  }
  EXPECT_TRUE(Search("search = " + std::string(128, 'a')).ok());
  EXPECT_EQ(Search("search = " + std::string(129, 'a')).reason(), "INVALID_FILTER");
  EXPECT_EQ(Search("search = 'lace\tmaker'").reason(), "INVALID_FILTER");
}

TEST_F(SearchUsersTest, OrdersByUsernameAlone) {
  v1::ListUsersRequest request;
  request.set_filter("search = lace");
  request.set_order_by("username");
  EXPECT_TRUE(Call<Listed>(admin(), request).ok());
  request.set_order_by("create_time");
  EXPECT_EQ(Call<Listed>(admin(), request).reason(), "INVALID_FIELD");
  request.set_order_by("");
  request.set_show_deleted(true);
  EXPECT_EQ(Call<Listed>(admin(), request).reason(), "INVALID_FIELD");
}

TEST_F(SearchUsersTest, SaysWhereThereIsNoIndex) {
  Add({"lace", "", "", "", "viewer"});
  Ask("DROP INDEX gatehouse.user_account_search; SELECT 1");
  const auto outcome = Search("search = lace");
  EXPECT_EQ(outcome.reason(), "INVALID_FILTER");
  EXPECT_THAT(outcome.message, HasSubstr("username = \"kim*\""));
  EXPECT_THAT(Found("username = 'lac*'"), ElementsAre("lace"));
}

TEST_F(SearchUsersTest, IsTwoStatements) {
  // Whose caller is known by then.
  ASSERT_TRUE(Search("search = lace").ok());
  const uint64_t before = backend().statements();
  ASSERT_TRUE(Search("search = lace").ok());
  EXPECT_EQ(backend().statements() - before, 2u);
}

}  // namespace
}  // namespace gatehouse::tests
