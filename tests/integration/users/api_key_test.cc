#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event.h"
#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

using Created = v1::CreateApiKeyResponse;
using Listed = v1::ListApiKeysResponse;
using Revoked = v1::RevokeApiKeyResponse;

class ApiKeyTest : public UserFixture {
 protected:
  static v1::CreateApiKeyRequest NewKey(const std::vector<std::string>& permissions) {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("billing");
    for (const std::string& permission : permissions) {
      request.mutable_api_key()->add_permissions(permission);
    }
    return request;
  }
  v1::CreateApiKeyRequest ExpiringKey(std::chrono::seconds after) {
    v1::CreateApiKeyRequest request = NewKey({"users.read"});
    const auto when = clock().Now() + after;
    request.mutable_api_key()->mutable_expire_time()->set_seconds(base::ToMicros(when) / 1'000'000);
    return request;
  }
  UnaryOutcome<Revoked> Revoke(const std::string& id) {
    v1::RevokeApiKeyRequest request;
    request.set_api_key_id(id);
    return Call<Revoked>(admin(), request);
  }
  // The status of a call with that key.
  std::string Use(const std::string& key) {
    const Caller caller{.id = {}, .session_id = {}, .credential = key};
    return Get(caller, admin().id.ToString()).reason();
  }
};

TEST_F(ApiKeyTest, WorksAndIsShownOnce) {
  const auto created = Call<Created>(admin(), NewKey({"users.read"}));
  ASSERT_TRUE(created.ok()) << created.message;
  EXPECT_EQ(Use(created.response.key()), "");
  EXPECT_EQ(created.response.key().substr(0, 15), created.response.api_key().key_prefix());

  const auto listed = Call<Listed>(admin(), v1::ListApiKeysRequest());
  ASSERT_EQ(listed.response.api_keys_size(), 1);
  EXPECT_EQ(listed.response.api_keys(0).display_name(), "billing");
  // To the minute.
  EXPECT_EQ(listed.response.api_keys(0).last_used_time().seconds() % 60, 0);
  EXPECT_TRUE(listed.response.api_keys(0).has_last_used_time());
  const std::string secret = created.response.key().substr(15);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.api_key k WHERE k::text LIKE '%" + secret + "%'"),
            "0");
  EXPECT_EQ(CountEvents("api_key.created"), "1");
}

TEST_F(ApiKeyTest, GivesNoMoreThanItsMakerHas) {
  const Caller maker = backend().MakeApiKey({"api_keys.write", "users.read"});
  EXPECT_TRUE(Call<Created>(maker, NewKey({"users.read"})).ok());
  const auto outcome = Call<Created>(maker, NewKey({"users.read", "users.write"}));
  EXPECT_EQ(outcome.reason(), "PERMISSION_DENIED");
  // It may do what it was made for and nothing else.
  const auto created = Call<Created>(admin(), NewKey({"users.read"}));
  const Caller key{.id = {}, .session_id = {}, .credential = created.response.key()};
  EXPECT_EQ(Call<v1::CreateUserResponse>(key, NewUser("ada")).reason(), "PERMISSION_DENIED");
}

TEST_F(ApiKeyTest, ARevokedKeyIsRefusedAtOnce) {
  const auto created = Call<Created>(admin(), NewKey({"users.read"}));
  const std::string id = created.response.api_key().id();
  ASSERT_EQ(Use(created.response.key()), "");  // So that the cache holds it.
  const auto revoked = Revoke(id);
  ASSERT_TRUE(revoked.ok()) << revoked.message;
  EXPECT_TRUE(revoked.response.api_key().has_revoke_time());
  EXPECT_EQ(Use(created.response.key()), "UNAUTHENTICATED");

  clock().Advance(std::chrono::seconds(10));
  const auto again = Revoke(id);
  EXPECT_EQ(again.response.api_key().revoke_time().seconds(),
            revoked.response.api_key().revoke_time().seconds());
  EXPECT_EQ(CountEvents("api_key.revoked"), "1");
}

TEST_F(ApiKeyTest, AnExpiredKeyIsRefused) {
  const auto created = Call<Created>(admin(), ExpiringKey(std::chrono::seconds(90)));
  ASSERT_TRUE(created.ok()) << created.message;
  EXPECT_EQ(Use(created.response.key()), "");
  clock().Advance(std::chrono::seconds(90));
  EXPECT_EQ(Use(created.response.key()), "UNAUTHENTICATED");
}

TEST_F(ApiKeyTest, ToRevokeAnExpiredKeyChangesNothing) {
  const auto created = Call<Created>(admin(), ExpiringKey(std::chrono::seconds(90)));
  ASSERT_TRUE(created.ok()) << created.message;
  const std::string id = created.response.api_key().id();
  clock().Advance(std::chrono::seconds(90));
  const std::string before = Ask("SELECT k::text FROM gatehouse.api_key k");
  v1::RevokeApiKeyRequest request;
  request.set_api_key_id(id);
  request.set_request_id(kRequestId);
  const auto revoked = Call<Revoked>(admin(), request);
  ASSERT_TRUE(revoked.ok()) << revoked.message;
  EXPECT_EQ(revoked.response.api_key().id(), id);
  EXPECT_FALSE(revoked.response.api_key().has_revoke_time());
  EXPECT_TRUE(Call<Revoked>(admin(), request).ok());
  EXPECT_EQ(Ask("SELECT k::text FROM gatehouse.api_key k"), before);
  EXPECT_EQ(CountEvents("api_key.revoked"), "0");
}

TEST_F(ApiKeyTest, AKeyThatExpiresMeanwhileIsNotRevoked) {
  const auto created = Call<Created>(admin(), ExpiringKey(std::chrono::seconds(90)));
  const base::Uuid id = *base::Uuid::Parse(created.response.api_key().id());
  const auto revoke = [&](base::Time now) {
    return backend().runner.Run<absl::Status>([&] {
      const base::CallContext ctx = backend().SystemContext();
      return backend().storage->api_keys.Revoke(
          ctx, base::kDefaultTenantId, id, now,
          {.events = {storage::MakeEvent(ctx, now, "api_key.revoked", {})}});
    });
  };
  const base::Time end = clock().Now() + std::chrono::seconds(90);
  EXPECT_TRUE(base::HasReason(revoke(end), base::Reason::kEtagMismatch));
  EXPECT_EQ(CountEvents("api_key.revoked"), "0");
  EXPECT_TRUE(revoke(end - std::chrono::microseconds(1)).ok());
  EXPECT_EQ(CountEvents("api_key.revoked"), "1");
}

TEST_F(ApiKeyTest, ListsNewestFirstAndEndedOnesWhenAsked) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    clock().Advance(std::chrono::milliseconds(1));
    ids.push_back(Call<Created>(admin(), NewKey({})).response.api_key().id());
  }
  ASSERT_TRUE(Revoke(ids[1]).ok());
  Call<Created>(admin(), ExpiringKey(std::chrono::seconds(1)));
  clock().Advance(std::chrono::seconds(1));
  v1::ListApiKeysRequest request;
  request.set_page_size(1);
  std::vector<std::string> listed;
  do {
    const uint64_t before = backend().statements();
    const auto page = Call<Listed>(admin(), request);
    EXPECT_EQ(backend().statements() - before, 1u);
    ASSERT_EQ(page.response.api_keys_size(), 1) << page.message;
    listed.push_back(page.response.api_keys(0).id());
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(listed, testing::ElementsAre(ids[2], ids[0]));
  request.Clear();
  request.set_show_ended(true);
  EXPECT_EQ(Call<Listed>(admin(), request).response.api_keys_size(), 4);
}

TEST_F(ApiKeyTest, APageTokenIsGoodForItsQueryAlone) {
  Call<Created>(admin(), NewKey({}));
  Call<Created>(admin(), NewKey({}));
  for (const bool show_ended : {false, true}) {
    v1::ListApiKeysRequest request;
    request.set_page_size(1);
    request.set_show_ended(show_ended);
    request.set_page_token(Call<Listed>(admin(), request).response.next_page_token());
    ASSERT_NE(request.page_token(), "");
    EXPECT_TRUE(Call<Listed>(admin(), request).ok());
    request.set_show_ended(!show_ended);
    EXPECT_EQ(Call<Listed>(admin(), request).reason(), "INVALID_PAGE_TOKEN") << show_ended;
  }
}

TEST_F(ApiKeyTest, RefusesBadInput) {
  v1::CreateApiKeyRequest request = NewKey({"users.read", "nonsense"});
  request.mutable_api_key()->set_display_name(std::string(101, 'x'));
  request.mutable_api_key()->mutable_expire_time()->set_seconds(1);
  const auto outcome = Call<Created>(admin(), request);
  EXPECT_EQ(outcome.reason(), "INVALID_FIELD");
  EXPECT_EQ(outcome.Detail<google::rpc::BadRequest>()->field_violations_size(), 3);
  request = NewKey({});
  request.mutable_api_key()->mutable_expire_time()->set_nanos(-1);
  EXPECT_EQ(Call<Created>(admin(), request).reason(), "INVALID_FIELD");
  EXPECT_EQ(Revoke("x").reason(), "INVALID_FIELD");
  EXPECT_EQ(Revoke("01890000-0000-7000-8000-000000000001").reason(), "API_KEY_NOT_FOUND");
}

TEST_F(ApiKeyTest, ValidateOnlyMakesNoKey) {
  v1::CreateApiKeyRequest request = NewKey({"users.read"});
  request.set_validate_only(true);
  const auto outcome = Call<Created>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.key() + outcome.response.api_key().key_prefix(), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.api_key"), "0");
}

// An administrator who made keys and is deleted.
class KeysOfTheDeletedTest : public ApiKeyTest {
 protected:
  void SetUp() override {
    ApiKeyTest::SetUp();
    maker_ = backend().LogIn("admin");
    const auto first = Call<Created>(maker_, NewKey({"api_keys.write", "users.read"})).response;
    first_ = first.key();
    ids_.push_back(first.api_key().id());
    // By the key, not by the user itself.
    const Caller key{.id = {}, .session_id = {}, .credential = first_};
    const auto second = Call<Created>(key, NewKey({"users.read"})).response;
    second_ = second.key();
    ids_.push_back(second.api_key().id());
    const auto ended = Call<Created>(maker_, NewKey({"users.read"})).response;
    ASSERT_TRUE(Revoke(ended.api_key().id()).ok());
    others_ = Call<Created>(admin(), NewKey({"users.read"})).response.key();
    deletion_.set_user_id(maker_.id.ToString());
  }

  static std::vector<std::string> IdsOf(const v1::DeleteUserResponse& response) {
    std::vector<std::string> ids;
    for (const v1::ApiKey& key : response.api_keys()) ids.push_back(key.id());
    return ids;
  }

  Caller maker_;
  std::string first_;
  std::string second_;
  std::string others_;
  std::vector<std::string> ids_;
  v1::DeleteUserRequest deletion_;
};

TEST_F(KeysOfTheDeletedTest, ListsShowWhoMadeThem) {
  const auto listed = Call<Listed>(admin(), v1::ListApiKeysRequest()).response;
  ASSERT_EQ(listed.api_keys_size(), 3);
  std::vector<std::string> creators;
  for (const v1::ApiKey& key : listed.api_keys()) creators.push_back(key.creator_id());
  EXPECT_THAT(creators,
              testing::UnorderedElementsAre(maker_.id.ToString(), ids_[0], admin().id.ToString()));
}

TEST_F(KeysOfTheDeletedTest, TheDeletionListsThemAndLeavesThem) {
  const auto deleted = Call<v1::DeleteUserResponse>(admin(), deletion_);
  ASSERT_TRUE(deleted.ok()) << deleted.message;
  EXPECT_THAT(IdsOf(deleted.response), testing::UnorderedElementsAreArray(ids_));
  EXPECT_EQ(Ask("SELECT jsonb_array_length(details->'api_keys') FROM gatehouse.event WHERE type = "
                "'user.deleted'"),
            "2");
  EXPECT_EQ(Use(first_), "");
  EXPECT_EQ(Use(second_), "");
}

TEST_F(KeysOfTheDeletedTest, TheDeletionEndsThemInItsTransaction) {
  EXPECT_EQ(Use(second_), "");
  deletion_.set_revoke_api_keys(true);
  const auto deleted = Call<v1::DeleteUserResponse>(admin(), deletion_);
  ASSERT_TRUE(deleted.ok()) << deleted.message;
  EXPECT_THAT(IdsOf(deleted.response), testing::UnorderedElementsAreArray(ids_));
  EXPECT_TRUE(deleted.response.api_keys(0).has_revoke_time());
  EXPECT_EQ(Use(first_), "UNAUTHENTICATED");
  EXPECT_EQ(Use(second_), "UNAUTHENTICATED");
  EXPECT_EQ(Use(others_), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event d JOIN gatehouse.event k USING (xid) WHERE "
                "d.type = 'user.deleted' AND k.type = 'api_key.revoked'"),
            "2");
}

TEST_F(KeysOfTheDeletedTest, WhoMayNotSeeOrEndKeysDoesNot) {
  const Caller users_only =
      backend().MakeApiKey({"users.read", "users.write", "sessions.read", "sessions.write"});
  deletion_.set_user_id(Create("eve").id());
  deletion_.set_revoke_api_keys(true);
  EXPECT_EQ(Call<v1::DeleteUserResponse>(users_only, deletion_).reason(), "PERMISSION_DENIED");
}

class RotatedKeyTest : public ApiKeyTest {
 protected:
  UnaryOutcome<v1::RotateApiKeyResponse> Rotate(const Caller& caller, const std::string& id,
                                                std::optional<int64_t> overlap = std::nullopt) {
    v1::RotateApiKeyRequest request;
    request.set_api_key_id(id);
    if (overlap) request.mutable_overlap()->set_seconds(*overlap);
    return Call<v1::RotateApiKeyResponse>(caller, request);
  }
};

TEST_F(RotatedKeyTest, TheSecretBeforeGoesOnForTheOverlap) {
  const auto created = Call<Created>(admin(), NewKey({"users.read"}));
  EXPECT_EQ(Use(created.response.key()), "");
  const auto rotated = Rotate(admin(), created.response.api_key().id(), 60);
  ASSERT_TRUE(rotated.ok()) << rotated.message;
  EXPECT_NE(rotated.response.key(), created.response.key());
  EXPECT_EQ(rotated.response.api_key().id(), created.response.api_key().id());
  EXPECT_EQ(rotated.response.api_key().key_prefix(), rotated.response.key().substr(0, 15));
  EXPECT_EQ(Use(created.response.key()), "");
  EXPECT_EQ(Use(rotated.response.key()), "");
  clock().Advance(std::chrono::seconds(60));
  EXPECT_EQ(Use(created.response.key()), "UNAUTHENTICATED");
  EXPECT_EQ(Use(rotated.response.key()), "");
  EXPECT_EQ(Ask("SELECT details::text FROM gatehouse.event WHERE type = 'api_key.rotated'"),
            R"({"overlap_ms": 60000})");
}

TEST_F(RotatedKeyTest, WithoutOverlapTheSecretBeforeEndsAtOnce) {
  const auto created = Call<Created>(admin(), NewKey({"users.read"}));
  EXPECT_EQ(Use(created.response.key()), "");
  const auto first = Rotate(admin(), created.response.api_key().id(), 0);
  EXPECT_EQ(Use(created.response.key()), "UNAUTHENTICATED");
  // And one of an earlier rotation, whatever it was promised.
  const auto second = Rotate(admin(), created.response.api_key().id());
  EXPECT_EQ(Use(first.response.key()), "");
  const auto third = Rotate(admin(), created.response.api_key().id());
  EXPECT_EQ(Use(first.response.key()), "UNAUTHENTICATED");
  EXPECT_EQ(Use(second.response.key()), "");
  EXPECT_EQ(Use(third.response.key()), "");
  ASSERT_TRUE(Revoke(created.response.api_key().id()).ok());
  EXPECT_EQ(Use(second.response.key()), "UNAUTHENTICATED");
  EXPECT_EQ(Use(third.response.key()), "UNAUTHENTICATED");
  EXPECT_EQ(Rotate(admin(), created.response.api_key().id()).reason(), "CONSTRAINT_VIOLATED");
}

TEST_F(RotatedKeyTest, IsRotatedByWhoHasItsPermissions) {
  const auto created = Call<Created>(admin(), NewKey({"users.read", "users.write"}));
  const std::string id = created.response.api_key().id();
  const Caller lesser = backend().MakeApiKey({"api_keys.write", "users.read"});
  EXPECT_EQ(Rotate(lesser, id).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Rotate(admin(), id, -1).reason(), "INVALID_FIELD");
  EXPECT_EQ(Rotate(admin(), id, 31 * 24 * 3600).reason(), "INVALID_FIELD");
  EXPECT_EQ(Rotate(admin(), "01890000-0000-7000-8000-0000000000ff").reason(), "API_KEY_NOT_FOUND");
  v1::RotateApiKeyRequest request;
  request.set_api_key_id(id);
  request.set_request_id(kRequestId);
  const auto rotated = Call<v1::RotateApiKeyResponse>(admin(), request);
  ASSERT_TRUE(rotated.ok()) << rotated.message;
  const auto repeated = Call<v1::RotateApiKeyResponse>(admin(), request);
  EXPECT_EQ(repeated.response.key(), "");
  EXPECT_EQ(repeated.response.api_key().key_prefix(), rotated.response.api_key().key_prefix());
  EXPECT_EQ(Use(rotated.response.key()), "");
}

TEST_F(RotatedKeyTest, MayEndWithTheUserWhoMadeIt) {
  const Caller maker = backend().LogIn("admin");
  v1::CreateApiKeyRequest request = NewKey({"users.read"});
  const auto staying = Call<Created>(maker, request);
  request.mutable_api_key()->set_ends_with_creator(true);
  const auto ending = Call<Created>(maker, request);
  ASSERT_TRUE(ending.ok()) << ending.message;
  EXPECT_TRUE(ending.response.api_key().ends_with_creator());
  EXPECT_EQ(Use(ending.response.key()), "");
  v1::UpdateUserRequest update = Update(maker.id.ToString(), "state");
  update.mutable_user()->set_state(v1::USER_STATE_DISABLED);
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), update).ok());
  EXPECT_EQ(Use(ending.response.key()), "UNAUTHENTICATED");
  EXPECT_EQ(Use(staying.response.key()), "");
  update.mutable_user()->set_state(v1::USER_STATE_ACTIVE);
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), update).ok());
  EXPECT_EQ(Use(ending.response.key()), "");
  const Caller service = backend().MakeApiKey({"api_keys.write", "users.read"});
  EXPECT_EQ(Call<Created>(service, request).reason(), "INVALID_FIELD");
}

TEST_F(RotatedKeyTest, ThatEndsWithItsMakerMayDoNoMoreThanItsMakerMayNow) {
  const Caller maker = backend().LogIn("admin");
  v1::CreateApiKeyRequest request = NewKey({"users.read"});
  const auto service = Call<Created>(maker, request);
  request.mutable_api_key()->set_ends_with_creator(true);
  const auto owned = Call<Created>(maker, request);
  ASSERT_TRUE(owned.ok()) << owned.message;
  v1::CreateRoleRequest role;
  role.mutable_role()->set_name("lesser");
  role.mutable_role()->add_permissions("sessions.read");
  ASSERT_TRUE(Call<v1::CreateRoleResponse>(admin(), role).ok());
  const uint64_t before = backend().statements();
  EXPECT_EQ(Use(owned.response.key()), "");
  EXPECT_EQ(backend().statements() - before, 2u) << "the key with its maker, and the user";

  v1::UpdateUserRequest demotion = Update(maker.id.ToString(), "role");
  demotion.mutable_user()->set_role("lesser");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), demotion).ok());
  EXPECT_EQ(Use(owned.response.key()), "PERMISSION_DENIED");
  EXPECT_EQ(Use(service.response.key()), "") << "a service's own";

  v1::UpdateRoleRequest more;
  more.mutable_role()->set_name("lesser");
  more.mutable_role()->add_permissions("users.read");
  more.mutable_update_mask()->add_paths("permissions");
  ASSERT_TRUE(Call<v1::UpdateRoleResponse>(admin(), more).ok());
  EXPECT_EQ(Use(owned.response.key()), "");
}

}  // namespace
}  // namespace gatehouse::tests
