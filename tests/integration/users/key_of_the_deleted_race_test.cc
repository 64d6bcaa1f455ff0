// A key that is made while its maker is deleted: it ends with the maker, or is not made.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "storage/postgres/admin/connection.h"
#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

using storage::postgres::admin::Connection;
using Created = UnaryOutcome<v1::CreateApiKeyResponse>;
using Deleted = UnaryOutcome<v1::DeleteUserResponse>;

// By the user itself, or by a key of the user's.
enum class MadeBy { kUser, kKey };

class KeyOfTheDeletedRaceTest : public UserFixture, public testing::WithParamInterface<MadeBy> {
 protected:
  void SetUp() override {
    UserFixture::SetUp();
    user_ = backend().LogIn("admin");
    const Created key = Create(user_);
    ASSERT_TRUE(key.ok()) << key.message;
    const Caller by_key{.id = {}, .session_id = {}, .credential = key.response.key()};
    maker_ = GetParam() == MadeBy::kUser ? user_ : by_key;
    // The first use of a key notes it, which would wait as well.
    ASSERT_TRUE(Get(by_key, user_.id.ToString()).ok());
    connection_ = *Connection::Open(backend().dsn);
  }

  Created Create(const Caller& maker) {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("key");
    request.mutable_api_key()->add_permissions("users.read");
    request.mutable_api_key()->add_permissions("api_keys.write");
    return Call<v1::CreateApiKeyResponse>(maker, request);
  }
  Deleted Delete(bool revoke) {
    v1::DeleteUserRequest request;
    request.set_user_id(user_.id.ToString());
    request.set_revoke_api_keys(revoke);
    return Call<v1::DeleteUserResponse>(admin(), request);
  }
  std::future<Created> StartCreate() {
    return std::async(std::launch::async, [this] { return Create(maker_); });
  }
  std::future<Deleted> StartDelete(bool revoke) {
    return std::async(std::launch::async, [this, revoke] { return Delete(revoke); });
  }

  // Whoever writes API keys waits until Release, in the middle of its transaction.
  void HoldKeys() {
    ASSERT_TRUE(
        connection_->Execute("BEGIN; LOCK TABLE gatehouse.api_key IN SHARE MODE").status().ok());
  }
  void Release() { ASSERT_TRUE(connection_->Execute("COMMIT").status().ok()); }
  // Until so many wait for a lock, or `call` has ended without.
  template <typename T>
  void AwaitWaiting(int number, const std::future<T>& call) {
    const std::string waiting =
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while (call.wait_for(std::chrono::seconds(0)) != std::future_status::ready &&
           Ask(waiting) != std::to_string(number)) {
    }
  }

  std::string CountLiveKeys() {
    return Ask("SELECT count(*) FROM gatehouse.api_key WHERE revoke_time IS NULL");
  }

  Caller user_;
  Caller maker_;
  std::unique_ptr<Connection> connection_;
};

TEST_P(KeyOfTheDeletedRaceTest, AKeyThatIsMadeFirstEndsWithItsMaker) {
  HoldKeys();
  std::future<Created> creation = StartCreate();
  AwaitWaiting(1, creation);
  std::future<Deleted> deletion = StartDelete(/*revoke=*/true);
  AwaitWaiting(2, deletion);
  Release();
  const Created created = creation.get();
  EXPECT_TRUE(created.ok()) << created.message;
  const Deleted deleted = deletion.get();
  EXPECT_TRUE(deleted.ok()) << deleted.message;
  EXPECT_EQ(deleted.response.api_keys_size(), 2);
  EXPECT_EQ(CountLiveKeys(), "0");
}

TEST_P(KeyOfTheDeletedRaceTest, AKeyThatIsMadeFirstIsListedWhereItStays) {
  HoldKeys();
  std::future<Created> creation = StartCreate();
  AwaitWaiting(1, creation);
  std::future<Deleted> deletion = StartDelete(/*revoke=*/false);
  // By a key: nothing of it is locked, so the deletion does not wait, and is the first.
  AwaitWaiting(2, deletion);
  Release();
  const Created created = creation.get();
  EXPECT_TRUE(created.ok()) << created.message;
  const Deleted deleted = deletion.get();
  EXPECT_TRUE(deleted.ok()) << deleted.message;
  EXPECT_EQ(deleted.response.api_keys_size(), GetParam() == MadeBy::kUser ? 2 : 1);
}

TEST_P(KeyOfTheDeletedRaceTest, NoKeyIsMadeByWhoIsGone) {
  HoldKeys();
  std::future<Deleted> deletion = StartDelete(/*revoke=*/true);
  AwaitWaiting(1, deletion);
  std::future<Created> creation = StartCreate();
  AwaitWaiting(2, creation);
  Release();
  const Deleted deleted = deletion.get();
  EXPECT_TRUE(deleted.ok()) << deleted.message;
  const Created created = creation.get();
  // The user's row is locked by then, that of its key is not yet: so the key may be made, and is
  // found by the deletion.
  if (GetParam() == MadeBy::kUser) EXPECT_EQ(created.reason(), "UNAUTHENTICATED");
  EXPECT_EQ(CountLiveKeys(), "0");
}

INSTANTIATE_TEST_SUITE_P(Makers, KeyOfTheDeletedRaceTest,
                         testing::Values(MadeBy::kUser, MadeBy::kKey),
                         [](const testing::TestParamInfo<MadeBy>& info) {
                           return info.param == MadeBy::kUser ? "User" : "Key";
                         });

}  // namespace
}  // namespace gatehouse::tests
