// Get, List, Update, Revoke: whose sessions they are and what they leave behind.

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <string>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "base/uuid.h"
#include "storage/event.h"
#include "storage/event_types.h"
#include "storage/session/session.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

class ManageTest : public SessionFixture {
 protected:
  void SetUp() override {
    SessionFixture::SetUp();
    AddUser("ada");
    AddUser("bob");
    login_ = LogIn("ada").response;
    ada_ = CallerOf(login_);
    bob_ = CallerOf(LogIn("bob").response);
  }

  UnaryOutcome<v1::GetSessionResponse> Get(const Caller& caller, const std::string& id) {
    v1::GetSessionRequest request;
    request.set_session_id(id);
    return Call<v1::GetSessionResponse>(caller, request);
  }

  UnaryOutcome<v1::RevokeSessionResponse> Revoke(const Caller& caller, const std::string& id,
                                                 const std::string& request_id = "") {
    v1::RevokeSessionRequest request;
    request.set_session_id(id);
    request.set_request_id(request_id);
    return Call<v1::RevokeSessionResponse>(caller, request);
  }

  v1::UpdateSessionRequest Update(const std::string& path) {
    v1::UpdateSessionRequest request;
    request.set_session_id(login_.session().id());
    request.mutable_session();
    request.mutable_update_mask()->add_paths(path);
    return request;
  }

  v1::CreateSessionResponse login_;
  Caller ada_;
  Caller bob_;
};

TEST_F(ManageTest, LogoutTakesEffectAtOnceAndIsOneBatch) {
  ASSERT_TRUE(Get(ada_, login_.session().id()).ok());
  const uint64_t before = backend().statements();
  const uint64_t trips = backend().round_trips();
  const auto out = LogOut(ada_);
  ASSERT_TRUE(out.ok()) << out.message;
  // The event, the session, and the session as it is then.
  EXPECT_EQ(backend().round_trips() - trips, 1u);
  EXPECT_EQ(backend().statements() - before, 3u);
  EXPECT_EQ(out.response.session().state(), v1::SESSION_STATE_REVOKED);
  EXPECT_EQ(out.response.session().revoke_reason(), "LOGOUT");
  EXPECT_EQ(Get(ada_, login_.session().id()).reason(), "UNAUTHENTICATED");
  EXPECT_EQ(CountEvents("session.revoked"), "1");
}

TEST_F(ManageTest, EndingAnEndedSessionSucceedsAndWritesNothing) {
  ASSERT_TRUE(Revoke(admin(), login_.session().id()).ok());
  const auto again = Revoke(admin(), login_.session().id());
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.session().revoke_reason(), "REVOKED");
  EXPECT_EQ(CountEvents("session.revoked"), "1");
}

TEST_F(ManageTest, AnExpiredSessionStaysAsItIs) {
  // Access tokens do not live that long.
  const Caller service = backend().MakeApiKey({"sessions.read", "sessions.write"});
  v1::GetSessionRequest get;
  get.set_session_id(login_.session().id());
  const auto state = [&] { return Call<v1::GetSessionResponse>(service, get).response.session(); };
  backend().clock.Advance(std::chrono::hours(24 * 200));
  const v1::Session expired = state();
  ASSERT_EQ(expired.state(), v1::SESSION_STATE_EXPIRED);
  const std::string events = Ask("SELECT count(*) FROM gatehouse.event");
  const auto outcome = Revoke(service, login_.session().id());
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.session().SerializeAsString(), expired.SerializeAsString());
  const auto again =
      Revoke(service, login_.session().id(), base::Uuid::MakeV7(backend().clock.Now()).ToString());
  EXPECT_EQ(again.response.session().SerializeAsString(), expired.SerializeAsString());
  EXPECT_EQ(state().SerializeAsString(), expired.SerializeAsString());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event"), events);
}

TEST_F(ManageTest, ARetryWithItsRequestIdGetsTheFirstAnswer) {
  const std::string request_id = "0193d5a0-0000-4000-8000-000000000001";
  const auto first = Revoke(admin(), login_.session().id(), request_id);
  clock().Advance(std::chrono::minutes(1));
  const auto second = Revoke(admin(), login_.session().id(), request_id);
  EXPECT_EQ(first.response.SerializeAsString(), second.response.SerializeAsString());
  EXPECT_EQ(Revoke(admin(), bob_.session_id.ToString(), request_id).reason(), "REQUEST_ID_REUSED");
}

TEST_F(ManageTest, OthersSessionsLookLikeNoneAtAll) {
  const auto others = Get(bob_, login_.session().id());
  const auto none = Get(bob_, "0193d5a0-0000-7000-8000-000000000001");
  EXPECT_EQ(others.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(others.message, none.message);
  EXPECT_EQ(others.code, none.code);
  EXPECT_EQ(Revoke(bob_, login_.session().id()).reason(), "PERMISSION_DENIED");
  EXPECT_TRUE(Get(ada_, login_.session().id()).ok());
  EXPECT_EQ(Get(admin(), "0193d5a0-0000-7000-8000-000000000001").reason(), "SESSION_NOT_FOUND");
  EXPECT_EQ(Get(admin(), "no-uuid").reason(), "INVALID_FIELD");
}

TEST_F(ManageTest, ListsOwnSessionsInPages) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(LogIn("ada").ok());
  v1::ListSessionsRequest request;
  request.set_page_size(2);
  std::vector<std::string> ids;
  // Ada's token is known from here on.
  ASSERT_TRUE(Get(ada_, login_.session().id()).ok());
  do {
    const uint64_t before = backend().statements();
    const auto page = Call<v1::ListSessionsResponse>(ada_, request);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_EQ(backend().statements() - before, 1u);
    for (const v1::Session& session : page.response.sessions()) {
      EXPECT_EQ(session.user_id(), ada_.id.ToString());
      ids.push_back(session.id());
    }
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(ids.size(), 5u);
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));

  request.set_user_id(bob_.id.ToString());
  EXPECT_EQ(Call<v1::ListSessionsResponse>(ada_, request).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Call<v1::ListSessionsResponse>(admin(), request).response.sessions_size(), 1);
}

TEST_F(ManageTest, APageOfLargeSessionsStaysBelowWhatClientsTake) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(LogIn("ada").ok());
  // Numbers take more bytes in a message than the JSON that their limit is about.
  Ask("UPDATE gatehouse.session SET context = jsonb_build_object('x', repeat('x', 1050000)) "
      "RETURNING 1");
  v1::ListSessionsRequest request;
  int listed = 0;
  do {
    const auto page = Call<v1::ListSessionsResponse>(ada_, request);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LT(page.response.ByteSizeLong(), size_t{4} << 20);
    listed += page.response.sessions_size();
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, 5);
}

TEST_F(ManageTest, RefusesToListByWhatNoThreadIdCanBe) {
  for (const std::string& thread_id : {std::string("a\0b", 3), std::string(201, 'x')}) {
    v1::ListSessionsRequest request;
    request.set_thread_id(thread_id);
    EXPECT_EQ(Call<v1::ListSessionsResponse>(ada_, request).reason(), "INVALID_FIELD");
  }
}

TEST_F(ManageTest, APageTokenIsGoodForItsQueryAlone) {
  ASSERT_TRUE(LogIn("ada").ok());
  v1::ListSessionsRequest request;
  request.set_page_size(1);
  const auto page = Call<v1::ListSessionsResponse>(ada_, request);
  request.set_page_token(page.response.next_page_token());
  EXPECT_TRUE(Call<v1::ListSessionsResponse>(ada_, request).ok());
  v1::ListSessionsRequest other = request;
  other.set_user_id(ada_.id.ToString());
  EXPECT_EQ(Call<v1::ListSessionsResponse>(ada_, other).reason(), "INVALID_PAGE_TOKEN");
  other = request;
  other.set_thread_id("a thread");
  EXPECT_EQ(Call<v1::ListSessionsResponse>(ada_, other).reason(), "INVALID_PAGE_TOKEN");
  EXPECT_EQ(Call<v1::ListSessionsResponse>(bob_, request).reason(), "INVALID_PAGE_TOKEN");
  request.set_show_ended(true);
  EXPECT_EQ(Call<v1::ListSessionsResponse>(ada_, request).reason(), "INVALID_PAGE_TOKEN");
  request.set_page_size(-1);
  EXPECT_EQ(Call<v1::ListSessionsResponse>(ada_, request).reason(), "INVALID_FIELD");
}

TEST_F(ManageTest, UpdatesContextUnderItsEtag) {
  v1::UpdateSessionRequest request = Update("context");
  (*request.mutable_session()->mutable_context()->mutable_fields())["cart"].set_number_value(3);
  request.mutable_session()->set_etag(login_.session().etag());
  const auto updated = Call<v1::UpdateSessionResponse>(ada_, request);
  ASSERT_TRUE(updated.ok()) << updated.message;
  EXPECT_EQ(updated.response.session().label(), "a test");
  EXPECT_NE(updated.response.session().etag(), login_.session().etag());
  const auto read = Get(ada_, login_.session().id());
  EXPECT_EQ(read.response.session().SerializeAsString(),
            updated.response.session().SerializeAsString());
  EXPECT_EQ(CountEvents("session.updated"), "1");
  // The etag is no longer the current one.
  EXPECT_EQ(Call<v1::UpdateSessionResponse>(ada_, request).reason(), "ETAG_MISMATCH");
}

TEST_F(ManageTest, UpdatesWithoutAnEtagAtTheSameTimeAllCount) {
  for (int round = 0; round < 10; ++round) {
    v1::UpdateSessionRequest label = Update("label");
    label.mutable_session()->set_label("label " + std::to_string(round));
    v1::UpdateSessionRequest thread = Update("thread_id");
    thread.mutable_session()->set_thread_id("thread " + std::to_string(round));
    auto other = std::async(std::launch::async,
                            [&] { return Call<v1::UpdateSessionResponse>(ada_, thread); });
    const auto mine = Call<v1::UpdateSessionResponse>(ada_, label);
    const auto others = other.get();
    EXPECT_TRUE(mine.ok()) << mine.message;
    EXPECT_TRUE(others.ok()) << others.message;
    const v1::Session session = Get(ada_, login_.session().id()).response.session();
    EXPECT_EQ(session.label(), label.session().label());
    EXPECT_EQ(session.thread_id(), thread.session().thread_id());
  }
}

TEST_F(ManageTest, ManyUpdatesAtTheSameTimeAllCount) {
  constexpr int kCallers = 12;
  std::vector<std::future<std::string>> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.push_back(std::async(std::launch::async, [this, i] {
      v1::UpdateSessionRequest request = Update("label");
      request.mutable_session()->set_label("label " + std::to_string(i));
      return Call<v1::UpdateSessionResponse>(ada_, request).message;
    }));
  }
  for (std::future<std::string>& caller : callers) EXPECT_EQ(caller.get(), "");
  EXPECT_EQ(CountEvents("session.updated"), std::to_string(kCallers));
}

TEST_F(ManageTest, AnUpdateThatChangesNothingWritesNothing) {
  v1::UpdateSessionRequest request = Update("context");
  (*request.mutable_session()->mutable_context()->mutable_fields())["cart"].set_number_value(3);
  const auto first = Call<v1::UpdateSessionResponse>(ada_, request);
  ASSERT_TRUE(first.ok()) << first.message;
  clock().Advance(std::chrono::seconds(1));
  const auto again = Call<v1::UpdateSessionResponse>(ada_, request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.SerializeAsString(), first.response.SerializeAsString());
  EXPECT_EQ(CountEvents("session.updated"), "1");
}

TEST_F(ManageTest, RefusesWhatCannotBeUpdated) {
  EXPECT_EQ(Call<v1::UpdateSessionResponse>(ada_, Update("user_id")).reason(), "UNKNOWN_FIELD");
  EXPECT_EQ(Call<v1::UpdateSessionResponse>(ada_, Update("no_such")).reason(), "UNKNOWN_FIELD");
  EXPECT_EQ(Call<v1::UpdateSessionResponse>(bob_, Update("label")).reason(), "PERMISSION_DENIED");
  v1::UpdateSessionRequest big = Update("context");
  (*big.mutable_session()->mutable_context()->mutable_fields())["x"].set_string_value(
      std::string(20'000, 'x'));
  EXPECT_EQ(Call<v1::UpdateSessionResponse>(ada_, big).reason(), "TOO_LARGE");
  v1::UpdateSessionRequest only_check = Update("label");
  only_check.mutable_session()->set_label("other");
  only_check.set_validate_only(true);
  EXPECT_EQ(Call<v1::UpdateSessionResponse>(ada_, only_check).response.session().label(), "other");
  EXPECT_EQ(Get(ada_, login_.session().id()).response.session().label(), "a test");
  only_check.set_request_id("no-uuid");
  EXPECT_EQ(Call<v1::UpdateSessionResponse>(ada_, only_check).reason(), "INVALID_FIELD");
  LogOut(ada_);
  EXPECT_EQ(Call<v1::UpdateSessionResponse>(admin(), Update("label")).code,
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ManageTest, RevokesAllButOne) {
  const auto kept = LogIn("ada").response;
  LogIn("ada");
  v1::RevokeUserSessionsRequest request;
  request.set_except_session_id(kept.session().id());
  const auto revoked = Call<v1::RevokeUserSessionsResponse>(CallerOf(kept), request);
  ASSERT_TRUE(revoked.ok()) << revoked.message;
  EXPECT_EQ(revoked.response.revoked_count(), 2);
  EXPECT_TRUE(Get(CallerOf(kept), kept.session().id()).ok());
  EXPECT_EQ(Get(ada_, login_.session().id()).reason(), "UNAUTHENTICATED");
  request.set_user_id(bob_.id.ToString());
  EXPECT_EQ(Call<v1::RevokeUserSessionsResponse>(CallerOf(kept), request).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(CountEvents("user.sessions_revoked"), "1");
}

TEST_F(ManageTest, RevokingAllRaisesTheEpochAndRevokingAllButOneDoesNot) {
  const auto epoch = [&] {
    return Ask("SELECT epoch FROM gatehouse.user_account WHERE username = 'ada'");
  };
  ASSERT_EQ(epoch(), "1");
  LogIn("ada");
  v1::RevokeUserSessionsRequest request;
  request.set_except_session_id(login_.session().id());
  ASSERT_TRUE(Call<v1::RevokeUserSessionsResponse>(ada_, request).ok());
  EXPECT_EQ(epoch(), "1");
  request.clear_except_session_id();
  const uint64_t before = backend().statements();
  const auto revoked = Call<v1::RevokeUserSessionsResponse>(ada_, request);
  ASSERT_TRUE(revoked.ok()) << revoked.message;
  EXPECT_EQ(revoked.response.revoked_count(), 1);
  // The event, the user, the sessions.
  EXPECT_EQ(backend().statements() - before, 3u);
  EXPECT_EQ(epoch(), "2");
  // A login whose password was verified before, but which commits only now.
  const base::Time now = clock().Now();
  storage::Session late{.tenant_id = base::kDefaultTenantId,
                        .id = base::Uuid::MakeV7(now),
                        .user_id = ada_.id,
                        .create_time = now,
                        .idle_expire_time = now + kIdle,
                        .expire_time = now + kIdle};
  const storage::Event event = storage::MakeEvent(
      backend().SystemContext(), now, std::string(storage::event_types::kSessionCreated), {});
  const absl::Status refused = backend().runner.Run<absl::Status>([&] {
    return backend().storage->sessions.Create(backend().SystemContext(), late, 1, std::nullopt,
                                              {.events = {event}});
  });
  EXPECT_TRUE(base::HasReason(refused, base::Reason::kLoginFailed)) << refused;
  EXPECT_TRUE(LogIn("ada").ok());
}

TEST_F(ManageTest, RevokingNothingWritesNothing) {
  v1::RevokeUserSessionsRequest request;
  request.set_user_id(ada_.id.ToString());
  ASSERT_TRUE(Call<v1::RevokeUserSessionsResponse>(admin(), request).ok());
  const auto again = Call<v1::RevokeUserSessionsResponse>(admin(), request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.revoked_count(), 0);
  EXPECT_EQ(CountEvents("user.sessions_revoked"), "1");
  EXPECT_EQ(Ask("SELECT epoch FROM gatehouse.user_account WHERE username = 'ada'"), "2");

  request.set_user_id(base::Uuid::MakeV7(clock().Now()).ToString());
  EXPECT_EQ(Call<v1::RevokeUserSessionsResponse>(admin(), request).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(CountEvents("user.sessions_revoked"), "1");
}

TEST_F(ManageTest, WhoOnlyAsksStaysLoggedIn) {
  v1::RevokeSessionRequest logout;
  logout.set_validate_only(true);
  const auto out = Call<v1::RevokeSessionResponse>(ada_, logout);
  ASSERT_TRUE(out.ok()) << out.message;
  EXPECT_EQ(out.response.session().state(), v1::SESSION_STATE_REVOKED);
  EXPECT_EQ(out.response.session().revoke_reason(), "LOGOUT");
  v1::RevokeUserSessionsRequest all;
  all.set_validate_only(true);
  const auto counted = Call<v1::RevokeUserSessionsResponse>(ada_, all);
  ASSERT_TRUE(counted.ok()) << counted.message;
  EXPECT_EQ(counted.response.revoked_count(), 1);
  EXPECT_TRUE(Get(ada_, login_.session().id()).ok());

  all.set_user_id(base::Uuid::MakeV7(clock().Now()).ToString());
  EXPECT_EQ(Call<v1::RevokeUserSessionsResponse>(admin(), all).reason(), "USER_NOT_FOUND");
}

TEST_F(ManageTest, RevokingNothingIsNotMadeUpForByARetry) {
  v1::RevokeUserSessionsRequest request;
  request.set_user_id(ada_.id.ToString());
  ASSERT_TRUE(Call<v1::RevokeUserSessionsResponse>(admin(), request).ok());
  request.set_request_id("018f4e3c-7d5a-7cc1-b2a4-0123456789ab");
  const auto first = Call<v1::RevokeUserSessionsResponse>(admin(), request);
  ASSERT_TRUE(first.ok()) << first.message;
  EXPECT_EQ(first.response.revoked_count(), 0);

  const auto later = LogIn("ada").response;
  const auto again = Call<v1::RevokeUserSessionsResponse>(admin(), request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.revoked_count(), 0);
  EXPECT_TRUE(Get(CallerOf(later), later.session().id()).ok()) << "it was not there then";
  request.set_except_session_id(later.session().id());
  EXPECT_EQ(Call<v1::RevokeUserSessionsResponse>(admin(), request).reason(), "REQUEST_ID_REUSED");
}

// Every way a session can end reaches the tokens of this instance at once.
TEST_F(ManageTest, WhatEndsAUserEndsItsTokens) {
  v1::UpdateUserRequest role;
  role.set_user_id(ada_.id.ToString());
  role.mutable_user()->set_role("analyst");
  role.mutable_update_mask()->add_paths("role");
  ASSERT_TRUE(Get(ada_, login_.session().id()).ok());
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), role).ok());
  EXPECT_EQ(Get(ada_, login_.session().id()).reason(), "UNAUTHENTICATED");

  ASSERT_TRUE(Get(bob_, bob_.session_id.ToString()).ok());
  v1::DeleteUserRequest erase;
  erase.set_user_id(bob_.id.ToString());
  ASSERT_TRUE(Call<v1::DeleteUserResponse>(admin(), erase).ok());
  EXPECT_EQ(Get(bob_, bob_.session_id.ToString()).reason(), "UNAUTHENTICATED");
  EXPECT_EQ(LogIn("bob").reason(), "LOGIN_FAILED");
}

}  // namespace
}  // namespace gatehouse::tests
