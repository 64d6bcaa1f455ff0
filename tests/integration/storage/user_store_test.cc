// What the stores promise beyond what UserService shows of them.

#include "storage/user/user_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "storage/event.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"
#include "storage/session/session.h"
#include "storage/session/session_revocation.h"
#include "tests/support/postgres/patient_database.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/server/test_backend.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;
using base::Reason;
using storage::Change;
using storage::User;
using storage::UserCredentials;
using testing::ElementsAre;

constexpr base::Uuid kTenant = base::kDefaultTenantId;

class UserStoreTest : public testing::Test {
 protected:
  User MakeUser(const std::string& name) {
    return User{.tenant_id = kTenant,
                .id = base::Uuid::MakeV7(b_.clock.Now()),
                .username = name,
                .username_key = name,
                .email = name + "@example.com",
                .email_key = name + "@example.com",
                .role = "viewer",
                .create_time = b_.clock.Now(),
                .update_time = b_.clock.Now()};
  }
  User Create(const std::string& name) {
    const User user = MakeUser(name);
    EXPECT_THAT(b_.runner.Run<absl::Status>([&] {
      return b_.storage->users.Create(b_.SystemContext(), user, "hash", AChange());
    }),
                IsOk());
    return user;
  }
  std::optional<User> Get(const base::Uuid& id) {
    return *b_.runner.Run<absl::StatusOr<std::optional<User>>>(
        [&] { return b_.storage->users.Get(b_.SystemContext(), kTenant, id); });
  }
  std::optional<UserCredentials> Credentials(const std::string& key) {
    return *b_.runner.Run<absl::StatusOr<std::optional<UserCredentials>>>(
        [&] { return b_.storage->users.GetCredentials(b_.SystemContext(), kTenant, key); });
  }
  absl::StatusOr<int64_t> Update(const User& user,
                                 std::optional<std::string> end_sessions = std::nullopt,
                                 std::optional<Change> change = std::nullopt) {
    return b_.runner.Run<absl::StatusOr<int64_t>>([&] {
      return b_.storage->users.Update(b_.SystemContext(), user, end_sessions,
                                      change.value_or(AChange()));
    });
  }
  absl::StatusOr<int64_t> Delete(User user) {
    user.delete_time = b_.clock.Now();
    user.purge_time = b_.clock.Now();
    return b_.runner.Run<absl::StatusOr<int64_t>>(
        [&] { return b_.storage->users.Delete(b_.SystemContext(), user, AChange()); });
  }
  absl::StatusOr<int64_t> SetPassword(const base::Uuid& id, const std::string& role, bool keep) {
    return b_.runner.Run<absl::StatusOr<int64_t>>([&] {
      return b_.storage->users.SetPassword(b_.SystemContext(), kTenant, id, role, "new hash", keep,
                                           storage::UserStore::PasswordHistory{0}, b_.clock.Now(),
                                           AChange());
    });
  }
  // A login with what was read of the user before.
  absl::Status LogIn(const base::Uuid& user_id, int64_t epoch) {
    const base::Time now = b_.clock.Now();
    const storage::Session session{.tenant_id = kTenant,
                                   .id = base::Uuid::MakeV7(now),
                                   .user_id = user_id,
                                   .rotate_time = now,
                                   .create_time = now,
                                   .idle_expire_time = now + std::chrono::hours(1),
                                   .expire_time = now + std::chrono::hours(1)};
    return b_.runner.Run<absl::Status>([&] {
      return b_.storage->sessions.Create(b_.SystemContext(), session, epoch, std::nullopt,
                                         AChange());
    });
  }
  storage::Event AnEvent(std::string type = "test.event") {
    return storage::MakeEvent(b_.SystemContext(), b_.clock.Now(), std::move(type), {});
  }
  Change AChange() { return {.events = {AnEvent()}}; }
  std::string CountEvents() { return Ask("SELECT count(*) FROM gatehouse.event"); }
  std::string Ask(const std::string& sql) { return AskSql(b_.dsn, sql); }

  TestBackend b_;
};

TEST_F(UserStoreTest, CredentialsAreFoundByEitherName) {
  const User user = Create("ada");
  for (const char* key : {"ada", "ada@example.com"}) {
    const std::optional<UserCredentials> found = Credentials(key);
    ASSERT_TRUE(found) << key;
    EXPECT_EQ(found->id, user.id);
    EXPECT_EQ(found->password_hash, "hash");
    EXPECT_TRUE(found->may_log_in);
  }
  EXPECT_FALSE(Credentials("Ada"));  // Keys are compared as they are.
  EXPECT_FALSE(Credentials("eve"));
}

TEST_F(UserStoreTest, CredentialsOfDisabledUsersSaySoAndDeletedOnesHaveNone) {
  User user = Create("ada");
  user.state = storage::UserState::kDisabled;
  ASSERT_THAT(Update(user), IsOk());
  EXPECT_FALSE(Credentials("ada")->may_log_in);
  ++user.version;
  ASSERT_THAT(Delete(user), IsOk());
  EXPECT_FALSE(Credentials("ada"));
}

TEST_F(UserStoreTest, OfAUsernameAndAnEmailMadeAtATimeOnlyOneCanBeThatName) {
  // On connections of its own, so that the two really run at a time.
  auto second = storage::postgres::Database::Open(PatientConfig(b_.dsn), {&b_.runner.loop()});
  ASSERT_THAT(second, IsOk());
  storage::UserStore others(**second);
  for (int i = 0; i < 50; ++i) {
    const std::string name = "n" + std::to_string(i) + "@example.com";
    User by_username = MakeUser(name);
    by_username.email = by_username.email_key = std::nullopt;
    User by_email = MakeUser("u" + std::to_string(i));
    by_email.email = by_email.email_key = name;
    auto one = b_.runner.Start<absl::Status>([&] {
      return b_.storage->users.Create(b_.SystemContext(), by_username, std::nullopt, AChange());
    });
    auto other = b_.runner.Start<absl::Status>(
        [&] { return others.Create(b_.SystemContext(), by_email, std::nullopt, AChange()); });
    EXPECT_NE(one.get().ok(), other.get().ok()) << i;
  }
  (*second)->Close();
}

TEST_F(UserStoreTest, AChangeFromAnOldReadingIsRefusedWhole) {
  User user = Create("ada");
  user.bio = "first";
  ASSERT_THAT(Update(user), IsOk());
  user.bio = "second";
  const std::string events = CountEvents();
  EXPECT_THAT(Update(user, "REVOKED"), FailsWith(StatusCode::kAborted, Reason::kEtagMismatch));
  EXPECT_THAT(Delete(user), FailsWith(StatusCode::kAborted, Reason::kEtagMismatch));
  EXPECT_EQ(Get(user.id)->bio, "first");
  EXPECT_EQ(Get(user.id)->epoch, 1);
  EXPECT_EQ(CountEvents(), events);
}

TEST_F(UserStoreTest, OnlyWhatEndsSessionsRaisesTheEpoch) {
  User user = Create("ada");
  EXPECT_EQ(*Update(user), 1);
  ++user.version;
  EXPECT_EQ(*Update(user, "REVOKED"), 2);
  EXPECT_EQ(*SetPassword(user.id, "viewer", /*keep=*/true), 2);
  EXPECT_EQ(*SetPassword(user.id, "viewer", /*keep=*/false), 3);
}

TEST_F(UserStoreTest, APasswordIsSetOnlyForTheRoleThatWasChecked) {
  const User user = Create("ada");
  EXPECT_THAT(SetPassword(user.id, "admin", false),
              FailsWith(StatusCode::kAborted, Reason::kConflict));
  EXPECT_EQ(Credentials("ada")->password_hash, "hash");
}

TEST_F(UserStoreTest, ALoginThatWasOverrunByARevocationFails) {
  const User user = Create("ada");
  const int64_t epoch = Credentials("ada")->epoch;
  EXPECT_THAT(LogIn(user.id, epoch), IsOk());
  ASSERT_THAT(SetPassword(user.id, "viewer", false), IsOk());
  EXPECT_THAT(LogIn(user.id, epoch), FailsWith(StatusCode::kUnauthenticated, Reason::kLoginFailed));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.session WHERE revoke_time IS NULL"), "0");
}

TEST_F(UserStoreTest, SavesTheSessionThatIsExcepted) {
  const TestBackend::Caller kept = b_.LogIn("viewer");
  b_.LogInAs(kept.id, "viewer");
  b_.LogIn("viewer");  // Somebody else's.
  storage::postgres::Batch batch;
  storage::AppendRevokeUserSessions(batch, kTenant, kept.id, kept.session_id, "REVOKED",
                                    b_.clock.Now());
  const auto results = b_.runner.Run<absl::StatusOr<std::vector<storage::postgres::Rows>>>(
      [&] { return b_.storage->database->Run(b_.SystemContext(), batch); });
  ASSERT_THAT(results, IsOk());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.session WHERE revoke_time IS NULL"), "2");
}

TEST_F(UserStoreTest, OfTwoChangesWithOneRequestIdTheSecondIsAReplay) {
  Change change{
      .events = {AnEvent()},
      .idempotency = storage::Idempotency{.tenant_id = kTenant,
                                          .request_id = base::Uuid::MakeV7(b_.clock.Now()),
                                          .method = "/m",
                                          .request_hash = "hash",
                                          .response = std::string("a\0b", 3),
                                          .create_time = b_.clock.Now()}};
  User user = Create("ada");
  ASSERT_THAT(Update(user, std::nullopt, change), IsOk());
  const std::string events = CountEvents();
  // It would fail for its version as well: but a retry meets its key first.
  change.events = {AnEvent()};
  EXPECT_TRUE(storage::postgres::IsReplay(Update(user, std::nullopt, change).status()));
  EXPECT_EQ(CountEvents(), events);

  const auto stored = b_.runner.Run<absl::StatusOr<std::optional<storage::StoredAnswer>>>([&] {
    return b_.storage->requests.Find(b_.SystemContext(), kTenant, base::Uuid(),
                                     change.idempotency->request_id);
  });
  ASSERT_THAT(stored, IsOk());
  ASSERT_TRUE(*stored);
  EXPECT_EQ((*stored)->method, "/m");
  EXPECT_EQ((*stored)->request_hash, "hash");
  EXPECT_EQ((*stored)->response, std::string("a\0b", 3));
}

TEST_F(UserStoreTest, EventsOfOneChangeAreWrittenAsTheyWere) {
  storage::Event first = AnEvent("test.written");
  first.targets = {{"user", "1", "a \"quoted\" label"}, {"thing", "2", ""}};
  first.details_json = R"({"n":1})";
  first.ip_address = "::1";
  storage::Event second = AnEvent("test.written");
  second.outcome = storage::Outcome::kDenied;
  ASSERT_THAT(Update(Create("ada"), std::nullopt, Change{.events = {first, second}}), IsOk());
  EXPECT_EQ(
      Ask("SELECT string_agg(concat_ws('|', outcome, actor_type, targets, details, ip_address, "
          "octet_length(leaf_secret), octet_length(leaf_hash)), ' ; ' ORDER BY event_id) "
          "FROM gatehouse.event WHERE type = 'test.written'"),
      R"(1|system|[{"id": "1", "type": "user", "label": "a \"quoted\" label"}, )"
      R"({"id": "2", "type": "thing", "label": ""}]|{"n": 1}|::1|32|32 ; )"
      R"(3|system|[]|{}||32|32)");
}

}  // namespace
}  // namespace gatehouse::tests
