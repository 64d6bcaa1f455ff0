// Who asks for what they may not see is on record before they have their answer.

#include "auth/limits/denial.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "base/async/task.h"
#include "base/call_context.h"
#include "base/principal.h"
#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "service/main/area/denial_recorder.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

class DenialTest : public SessionFixture {
 protected:
  void SetUp() override {
    SessionFixture::SetUp();
    victim_ = backend().LogIn("analyst");
    prober_ = backend().LogIn("viewer");
  }

  // "outcome actor method permission" of each denial, in order.
  std::string Denials() {
    return Ask(
        "SELECT coalesce(string_agg(outcome || ' ' || actor_id || ' ' || (details->>'method') || "
        "' ' || coalesce(details->>'permission', '-'), E'\\n' ORDER BY event_id), '') "
        "FROM gatehouse.event WHERE type = 'gatehouse.call_denied'");
  }
  std::string Denial(const std::string& method, const std::string& permission) const {
    return "3 " + prober_.id.ToString() + " /gatehouse.v1." + method + " " + permission;
  }

  base::CallContext ContextOf(const Caller& caller) {
    return backend().runner.Context(
        {.principal = {.kind = base::Principal::Kind::kUser, .id = caller.id}, .method = "m"});
  }
  static base::Task<bool> Tell(const auth::DenialHook* hook, base::CallContext context,
                               auth::Denial denial) {
    co_await (*hook)(std::move(context), std::move(denial));
    co_return true;
  }

  Caller victim_;
  Caller prober_;
};

TEST_F(DenialTest, ProbingOthersIsRecordedWhereverItIsRefused) {
  std::string expected;
  const auto expect = [&](const CallOutcome& outcome, const std::string& denial) {
    EXPECT_EQ(outcome.code, absl::StatusCode::kPermissionDenied) << denial;
    expected += (expected.empty() ? "" : "\n") + denial;
    EXPECT_EQ(Denials(), expected);
    clock().Advance(std::chrono::seconds(1));
  };
  // By the handler: the methods know "self".
  v1::GetUserRequest user;
  user.set_user_id(victim_.id.ToString());
  expect(Call<v1::GetUserResponse>(prober_, user), Denial("UserService/GetUser", "users.read"));
  v1::GetSessionRequest session;
  session.set_session_id(victim_.session_id.ToString());
  expect(Call<v1::GetSessionResponse>(prober_, session),
         Denial("SessionService/GetSession", "sessions.read"));
  v1::RevokeUserSessionsRequest revoke;
  revoke.set_user_id(victim_.id.ToString());
  expect(Call<v1::RevokeUserSessionsResponse>(prober_, revoke),
         Denial("SessionService/RevokeUserSessions", "sessions.write"));
  // By a rule no permission lifts.
  v1::UpdateUserRequest promote;
  promote.set_user_id(prober_.id.ToString());
  promote.mutable_user()->set_role("admin");
  promote.mutable_update_mask()->add_paths("role");
  expect(Call<v1::UpdateUserResponse>(prober_, promote), Denial("UserService/UpdateUser", "-"));
  // By the chain.
  expect(Call<v1::ListUsersResponse>(prober_, v1::ListUsersRequest()),
         Denial("UserService/ListUsers", "users.read"));
}

TEST_F(DenialTest, WhatIsAllowedOrAnonymousIsNotRecorded) {
  v1::GetUserRequest user;
  user.set_user_id(prober_.id.ToString());
  EXPECT_TRUE(Call<v1::GetUserResponse>(prober_, user).ok());
  EXPECT_EQ(Call<v1::GetUserResponse>(nobody(), user).code, absl::StatusCode::kUnauthenticated);
  user.set_user_id(base::Uuid::MakeV7(clock().Now()).ToString());
  EXPECT_EQ(Call<v1::GetUserResponse>(admin(), user).code, absl::StatusCode::kNotFound);
  EXPECT_EQ(Denials(), "");
}

TEST_F(DenialTest, IsBoundedForEachPrincipal) {
  const auth::DenialHook hook =
      service::MakeDenialRecorder(backend().storage->events, clock(), {.rate = 0.001, .burst = 3});
  const auto deny = [&](const Caller& caller, auth::Denial::Kind kind) {
    backend().runner.Run<bool>([&] { return Tell(&hook, ContextOf(caller), {.kind = kind}); });
  };
  for (int i = 0; i < 10; ++i) deny(prober_, auth::Denial::Kind::kPermissionDenied);
  EXPECT_EQ(CountEvents("gatehouse.call_denied"), "3");
  deny(victim_, auth::Denial::Kind::kPermissionDenied);
  EXPECT_EQ(CountEvents("gatehouse.call_denied"), "4");
  deny(admin(), auth::Denial::Kind::kRateLimited);
  deny(admin(), auth::Denial::Kind::kUnauthenticated);
  EXPECT_EQ(CountEvents("gatehouse.call_denied"), "4");
}

}  // namespace
}  // namespace gatehouse::tests
