#ifndef GATEHOUSE_TESTS_INTEGRATION_USERS_USER_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_USERS_USER_FIXTURE_H_

#include <string>

#include "gatehouse/v1/user.pb.h"
#include "tests/support/server/server_fixture.h"

namespace gatehouse::tests {

// What users are made and changed with.
class UserFixture : public ServerFixture {
 protected:
  static v1::CreateUserRequest NewUser(const std::string& username) {
    v1::CreateUserRequest request;
    request.mutable_user()->set_username(username);
    return request;
  }

  // Created by the administrator; the test fails if that does not work.
  v1::User Create(const v1::CreateUserRequest& request) {
    const auto outcome = Call<v1::CreateUserResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.user();
  }
  v1::User Create(const std::string& username) { return Create(NewUser(username)); }

  UnaryOutcome<v1::GetUserResponse> Get(const Caller& caller, const std::string& id) {
    v1::GetUserRequest request;
    request.set_user_id(id);
    return Call<v1::GetUserResponse>(caller, request);
  }

  static v1::UpdateUserRequest Update(const std::string& id, const std::string& path) {
    v1::UpdateUserRequest request;
    request.set_user_id(id);
    request.mutable_user();
    request.mutable_update_mask()->add_paths(path);
    return request;
  }

  // How many events of a type there are.
  std::string CountEvents(const std::string& type) {
    return Ask("SELECT count(*) FROM gatehouse.event WHERE type = '" + type + "'");
  }

  static constexpr char kRequestId[] = "0190d1f0-0000-4000-8000-00000000000a";
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_USERS_USER_FIXTURE_H_
