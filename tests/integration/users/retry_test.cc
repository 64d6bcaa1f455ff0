// request_id: what happens when a mutation is sent again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

using RetryTest = UserFixture;

TEST_F(RetryTest, ARepetitionGetsTheFirstAnswer) {
  v1::CreateUserRequest request = NewUser("ada");
  request.set_request_id(kRequestId);
  const v1::User first = Create(request);
  clock().Advance(std::chrono::minutes(1));
  EXPECT_EQ(Create(request).DebugString(), first.DebugString());
  EXPECT_EQ(CountEvents("user.created"), "1");
}

TEST_F(RetryTest, ARepetitionOfACallWithAPasswordCostsNoHash) {
  v1::CreateUserRequest request = NewUser("ada");
  request.set_request_id(kRequestId);
  request.set_password("correct horse battery");
  Create(request);
  const uint64_t hashes = backend().auth.hasher.hash_count();
  Create(request);
  EXPECT_EQ(backend().auth.hasher.hash_count(), hashes);
}

TEST_F(RetryTest, AnotherRequestUnderTheSameIdIsRefused) {
  v1::CreateUserRequest request = NewUser("ada");
  request.set_request_id(kRequestId);
  Create(request);
  request.mutable_user()->set_username("bob");
  const auto outcome = Call<v1::CreateUserResponse>(admin(), request);
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(outcome.reason(), "REQUEST_ID_REUSED");

  v1::CreateApiKeyRequest other_method;
  other_method.mutable_api_key()->set_display_name("x");
  other_method.set_request_id(kRequestId);
  EXPECT_EQ(Call<v1::CreateApiKeyResponse>(admin(), other_method).reason(), "REQUEST_ID_REUSED");
}

TEST_F(RetryTest, CallersDoNotShareIds) {
  v1::CreateUserRequest request = NewUser("ada");
  request.set_request_id(kRequestId);
  Create(request);
  request.mutable_user()->set_username("bob");
  EXPECT_TRUE(Call<v1::CreateUserResponse>(backend().LogIn("admin"), request).ok());
}

// Also where the answer is looked for before anything else, and the request is the same.
TEST_F(RetryTest, TheSameRequestOfAnotherCallerIsItsOwn) {
  const v1::User user = Create("ada");
  v1::UpdateUserRequest request = Update(user.id(), "bio");
  request.mutable_user()->set_bio("first");
  request.set_request_id(kRequestId);
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), request).ok());
  v1::UpdateUserRequest between = Update(user.id(), "bio");
  between.mutable_user()->set_bio("between");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), between).ok());
  const auto other = Call<v1::UpdateUserResponse>(backend().LogIn("admin"), request);
  ASSERT_TRUE(other.ok()) << other.message;
  EXPECT_EQ(Ask("SELECT bio FROM gatehouse.user_account WHERE username = 'ada'"), "first");
  EXPECT_EQ(CountEvents("user.updated"), "3");
}

TEST_F(RetryTest, AFailedAttemptDoesNotUseUpTheId) {
  Create("ada");
  v1::CreateUserRequest request = NewUser("ada");
  request.set_request_id(kRequestId);
  EXPECT_EQ(Call<v1::CreateUserResponse>(admin(), request).reason(), "USERNAME_TAKEN");
  request.mutable_user()->set_username("bob");
  EXPECT_TRUE(Call<v1::CreateUserResponse>(admin(), request).ok());
}

TEST_F(RetryTest, WhatChangedNothingChangesNothingLater) {
  const v1::User user = Create("ada");
  v1::UpdateUserRequest request;
  request.set_user_id(user.id());
  request.mutable_user()->set_bio(user.bio());
  request.mutable_update_mask()->add_paths("bio");
  request.set_request_id(kRequestId);
  const auto first = Call<v1::UpdateUserResponse>(admin(), request);
  ASSERT_TRUE(first.ok()) << first.message;

  v1::UpdateUserRequest other = request;
  other.clear_request_id();
  other.mutable_user()->set_bio("of somebody else");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), other).ok());
  const auto again = Call<v1::UpdateUserResponse>(admin(), request);
  EXPECT_EQ(again.response.DebugString(), first.response.DebugString());
  EXPECT_EQ(Ask("SELECT bio FROM gatehouse.user_account WHERE username = 'ada'"),
            "of somebody else");
  request.mutable_user()->set_bio("another request");
  EXPECT_EQ(Call<v1::UpdateUserResponse>(admin(), request).reason(), "REQUEST_ID_REUSED");
}

TEST_F(RetryTest, ManyAtATimeTakeEffectOnce) {
  v1::CreateUserRequest request = NewUser("ada");
  request.set_request_id(kRequestId);
  std::vector<std::future<UnaryOutcome<v1::CreateUserResponse>>> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(std::async(std::launch::async,
                               [&] { return Call<v1::CreateUserResponse>(admin(), request); }));
  }
  std::vector<std::string> ids;
  for (auto& call : calls) {
    const auto outcome = call.get();
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    ids.push_back(outcome.response.user().id());
  }
  EXPECT_THAT(ids, testing::Each(ids[0]));
  EXPECT_EQ(CountEvents("user.created"), "1");
}

TEST_F(RetryTest, ManyUpdatesAtATimeTakeEffectOnce) {
  const v1::User user = Create("ada");
  v1::UpdateUserRequest request = Update(user.id(), "bio");
  request.mutable_user()->set_bio("new");
  request.mutable_user()->set_etag(user.etag());
  request.set_request_id(kRequestId);
  std::vector<std::future<UnaryOutcome<v1::UpdateUserResponse>>> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(std::async(std::launch::async,
                               [&] { return Call<v1::UpdateUserResponse>(admin(), request); }));
  }
  for (auto& call : calls) {
    const auto outcome = call.get();
    // Without its own stored answer a late one would find another etag.
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_EQ(outcome.response.user().bio(), "new");
  }
  EXPECT_EQ(CountEvents("user.updated"), "1");
}

TEST_F(RetryTest, ADeletionIsAnsweredAgain) {
  v1::DeleteUserRequest request;
  request.set_user_id(Create("ada").id());
  request.set_request_id(kRequestId);
  const auto first = Call<v1::DeleteUserResponse>(admin(), request);
  const auto again = Call<v1::DeleteUserResponse>(admin(), request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.DebugString(), first.response.DebugString());
  request.clear_request_id();
  EXPECT_EQ(Call<v1::DeleteUserResponse>(admin(), request).reason(), "USER_NOT_FOUND");
}

TEST_F(RetryTest, AnApiKeyIsShownOnceAllTheSame) {
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("billing");
  request.set_request_id(kRequestId);
  const auto first = Call<v1::CreateApiKeyResponse>(admin(), request);
  ASSERT_TRUE(first.ok()) << first.message;
  EXPECT_FALSE(first.response.key().empty());
  const auto again = Call<v1::CreateApiKeyResponse>(admin(), request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.key(), "");
  EXPECT_EQ(again.response.api_key().id(), first.response.api_key().id());
}

TEST_F(RetryTest, AnApiKeyThatHasExpiredIsAnsweredAgain) {
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("for a minute");
  const base::Time expire_time = clock().Now() + std::chrono::minutes(1);
  request.mutable_api_key()->mutable_expire_time()->set_seconds(base::ToMicros(expire_time) /
                                                                1'000'000);
  request.set_request_id(kRequestId);
  const auto first = Call<v1::CreateApiKeyResponse>(admin(), request);
  ASSERT_TRUE(first.ok()) << first.message;
  clock().Advance(std::chrono::minutes(2));
  const auto again = Call<v1::CreateApiKeyResponse>(admin(), request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.api_key().id(), first.response.api_key().id());
}

TEST_F(RetryTest, PurgeForgetsWhatIsOld) {
  v1::CreateUserRequest request = NewUser("ada");
  request.set_request_id(kRequestId);
  Create(request);
  const auto purge = [&](base::Time before) {
    return *backend().runner.Run<absl::StatusOr<int64_t>>([&] {
      return backend().storage->requests.Purge(backend().SystemContext(), base::kDefaultTenantId,
                                               before, 100);
    });
  };
  EXPECT_EQ(purge(clock().Now()), 0);
  EXPECT_EQ(purge(clock().Now() + std::chrono::seconds(1)), 1);
  EXPECT_EQ(Call<v1::CreateUserResponse>(admin(), request).reason(), "USERNAME_TAKEN");
}

}  // namespace
}  // namespace gatehouse::tests
