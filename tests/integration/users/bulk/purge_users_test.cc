#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event.h"
#include "storage/event_leaf.h"
#include "storage/event_log/event_log.h"
#include "storage/user/user.h"
#include "tests/integration/users/bulk/bulk_fixture.h"

namespace gatehouse::tests {
namespace {

class PurgeUsersTest : public BulkFixture {
 protected:
  // Mails that nobody sends.
  void Configure(TestBackend::Options& options) override {
    BulkFixture::Configure(options);
    options.config.mail.server = "127.0.0.1:25";
    options.config.mail.password_reset_url = "https://example.com/{token}";
  }

  // Somebody of whom there is something everywhere, deleted; its id.
  std::string DeletedPerson() {
    const v1::User user = CreateWithPassword("ada");
    const Caller ada = LoggedIn("ada");
    EXPECT_EQ(LogIn("ada", kOther).reason(), "LOGIN_FAILED");
    v1::AppendMessagesRequest append;
    append.set_thread_id("diary");
    v1::ThreadMessage& message = *append.add_messages();
    message.set_role(v1::MESSAGE_ROLE_USER);
    message.mutable_content()->set_string_value("dear diary");
    EXPECT_TRUE(Call<v1::AppendMessagesResponse>(ada, append).ok());
    v1::EnrollTotpRequest enroll;
    enroll.set_current_password(kPassword);
    EXPECT_TRUE(Call<v1::EnrollTotpResponse>(ada, enroll).ok());
    v1::StartPasswordResetRequest reset;
    reset.set_user_id(user.id());
    reset.set_delivery(v1::TOKEN_DELIVERY_MAIL);
    EXPECT_TRUE(Call<v1::StartPasswordResetResponse>(admin(), reset).ok());
    EXPECT_EQ(
        Ask("INSERT INTO gatehouse.former_password VALUES ('" + base::kDefaultTenantId.ToString() +
            "', '" + user.id() + "', now(), gen_random_uuid(), 'hash') RETURNING 1"),
        "1");
    Deleted(user);
    return user.id();
  }

  v1::PurgeUserRequest Purge(const std::string& id) {
    v1::PurgeUserRequest request;
    request.set_user_id(id);
    return request;
  }
  UnaryOutcome<v1::PurgeUserResponse> CallPurge(const v1::PurgeUserRequest& request) {
    return Call<v1::PurgeUserResponse>(admin(), request);
  }
  v1::EraseUserRequest Erase(const std::string& id) {
    v1::EraseUserRequest request;
    request.set_user_id(id);
    return request;
  }
  UnaryOutcome<v1::EraseUserResponse> CallErase(const v1::EraseUserRequest& request) {
    return Call<v1::EraseUserResponse>(admin(), request);
  }

  // A key that ends with the user who makes it.
  v1::CreateApiKeyResponse MakeEndingKey(const Caller& maker,
                                         std::optional<base::Time> expire_time = std::nullopt) {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("hers");
    request.mutable_api_key()->add_permissions("users.read");
    request.mutable_api_key()->set_ends_with_creator(true);
    if (expire_time) {
      request.mutable_api_key()->mutable_expire_time()->set_seconds(base::ToMicros(*expire_time) /
                                                                    1'000'000);
    }
    const auto made = Call<v1::CreateApiKeyResponse>(maker, request);
    EXPECT_TRUE(made.ok()) << made.message;
    return made.response;
  }

  // The account of a deleted user goes, by whoever knows of these keys.
  absl::Status PurgeKnowing(const base::Uuid& id, const std::vector<base::Uuid>& keys) {
    const base::CallContext ctx = backend().SystemContext();
    const auto user = backend().runner.Run<absl::StatusOr<std::optional<storage::User>>>(
        [&] { return backend().storage->users.Get(ctx, base::kDefaultTenantId, id); });
    return backend().runner.Run<absl::Status>([&] {
      return backend().storage->user_purges.PurgeAccount(
          ctx, **user, keys, /*erase=*/false, clock().Now(),
          {.events = {storage::MakeEvent(ctx, clock().Now(), "test.purged", {})}});
    });
  }

  static constexpr const char* kTables[] = {
      "user_account",   "session",           "thread",         "totp_factor", "recovery_code",
      "one_time_token", "thread_purge",      "user_purge",     "session_end", "mail",
      "passkey",        "remembered_device", "former_password"};
};

TEST_F(PurgeUsersTest, ADeletedUserGoesWhenItsTimeIsOver) {
  const std::string id = DeletedPerson();
  clock().Advance(std::chrono::days(30) - std::chrono::seconds(1));
  EXPECT_EQ(RunPurger(), 0);
  EXPECT_EQ(Count("user_account", id), "1");
  clock().Advance(std::chrono::seconds(1));
  EXPECT_EQ(RunPurger(), 1);
  for (const char* table : kTables) EXPECT_EQ(Count(table, id), "0") << table;
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.thread_message"), "0");
  EXPECT_EQ(Ask("SELECT details ->> 'by' FROM gatehouse.event WHERE type = 'user.purged'"), "TIME");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE targets @> '[{\"id\": \"" + id +
                "\", \"label\": \"ada\"}]'") != "0",
            true)
      << "what the trail says about it stays";
  RunPurger();
  EXPECT_EQ(CountEvents("user.purged"), "1");
}

class ShortRetentionTest : public PurgeUsersTest {
 protected:
  void Configure(TestBackend::Options& options) override {
    PurgeUsersTest::Configure(options);
    options.config.retention.deleted_users = std::chrono::days(3);
  }
};

TEST_F(ShortRetentionTest, TheTimeOfADeletedUserIsASetting) {
  const std::string id = DeletedPerson();
  clock().Advance(std::chrono::days(3) - std::chrono::seconds(1));
  EXPECT_EQ(RunPurger(), 0);
  clock().Advance(std::chrono::seconds(1));
  EXPECT_EQ(RunPurger(), 1);
  EXPECT_EQ(Count("user_account", id), "0");
}

TEST_F(PurgeUsersTest, OneThatWasBroughtBackStays) {
  const std::string id = DeletedPerson();
  v1::UndeleteUserRequest undelete;
  undelete.set_user_id(id);
  ASSERT_TRUE(Call<v1::UndeleteUserResponse>(admin(), undelete).ok());
  EXPECT_EQ(Count("user_purge", id), "0");
  clock().Advance(std::chrono::days(40));
  RunPurger();
  EXPECT_EQ(Count("user_account", id), "1");
  EXPECT_EQ(Count("thread", id), "1");
  EXPECT_TRUE(LogIn("ada", kPassword).ok());
}

// By the trigger: servers of the version before know nothing of purges.
TEST_F(PurgeUsersTest, WhoeverDeletesThemTheyAreEntered) {
  const v1::User user = Create("ada");
  Ask("UPDATE gatehouse.user_account SET delete_time = now(), purge_time = '2026-01-02' "
      "WHERE user_id = '" +
      user.id() + "' RETURNING 1");
  EXPECT_EQ(Ask("SELECT due_time FROM gatehouse.user_purge") != "", true);
  clock().Advance(std::chrono::days(2));
  RunPurger();
  EXPECT_EQ(Count("user_account", user.id()), "0");
}

TEST_F(PurgeUsersTest, PurgeUserDoesNotWait) {
  const std::string id = DeletedPerson();
  ASSERT_TRUE(CallPurge(Purge(id)).ok());
  EXPECT_EQ(Get(admin(), id).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Count("user_account", id), "0");
  RunPurger();
  for (const char* table : kTables) EXPECT_EQ(Count(table, id), "0") << table;
  EXPECT_EQ(Ask("SELECT details ->> 'by' FROM gatehouse.event WHERE type = 'user.purged'"),
            "CALLER");
  v1::UndeleteUserRequest undelete;
  undelete.set_user_id(id);
  EXPECT_EQ(Call<v1::UndeleteUserResponse>(admin(), undelete).reason(), "USER_NOT_FOUND");
}

// Whoever got it before would lose its sessions, and the log what it did.
TEST_F(PurgeUsersTest, AnIdIsTakenUntilNothingIsLeftOfItsUser) {
  const std::string id = DeletedPerson();
  ASSERT_TRUE(CallPurge(Purge(id)).ok());
  v1::CreateUserRequest create = NewUser("grace");
  create.set_user_id(id);
  v1::CreateUserRequest check = create;
  check.set_validate_only(true);
  EXPECT_EQ(Call<v1::CreateUserResponse>(admin(), check).reason(), "ID_TAKEN");
  EXPECT_EQ(Call<v1::CreateUserResponse>(admin(), create).reason(), "ID_TAKEN");
  v1::ImportedUser row = Row("grace");
  row.set_user_id(id);
  const v1::ImportUsersResponse imported = Take(Batch({row, Row("mary")}));
  EXPECT_EQ(imported.created_count(), 1);
  ASSERT_EQ(imported.failures_size(), 1);
  EXPECT_EQ(imported.failures(0).reason(), "ID_TAKEN");
  RunPurger();
  EXPECT_TRUE(Call<v1::CreateUserResponse>(admin(), create).ok());
}

TEST_F(PurgeUsersTest, KeysThatEndWithTheirMakerEndForGood) {
  const Caller maker = backend().LogIn("admin");
  const v1::CreateApiKeyResponse made = MakeEndingKey(maker);
  const Caller by_key{.id = {}, .session_id = {}, .credential = made.key()};
  const std::string id = maker.id.ToString();
  EXPECT_TRUE(Get(by_key, id).ok());
  Deleted(Get(admin(), id).response.user());
  ASSERT_TRUE(CallPurge(Purge(id)).ok());
  RunPurger();
  v1::CreateUserRequest another = NewUser("grace");
  another.set_user_id(id);
  Create(another);
  EXPECT_EQ(Get(by_key, id).reason(), "UNAUTHENTICATED");
  EXPECT_EQ(Get(admin(), id).response.user().username(), "grace");
}

// No change without its event: whoever follows the log learns of each, in the transaction of the
// purge.
TEST_F(PurgeUsersTest, AKeyThatEndsWithItsMakerIsOnRecord) {
  const std::function<void(const std::string&)> ways[] = {
      [this](const std::string& id) { EXPECT_TRUE(CallPurge(Purge(id)).ok()); },
      [this](const std::string& id) { EXPECT_TRUE(CallErase(Erase(id)).ok()); },
      [this](const std::string&) {
        clock().Advance(std::chrono::days(30));
        RunPurger();
      }};
  int ended = 0;
  for (const auto& way : ways) {
    const Caller maker = backend().LogIn("admin");
    const std::string key = MakeEndingKey(maker).api_key().id();
    const std::string id = maker.id.ToString();
    Deleted(Get(admin(), id).response.user());
    EXPECT_EQ(CountEvents("api_key.revoked"), std::to_string(ended));
    way(id);
    EXPECT_EQ(CountEvents("api_key.revoked"), std::to_string(++ended));
    EXPECT_EQ(
        Ask("SELECT count(*) FROM gatehouse.event k JOIN gatehouse.event u USING (xid) WHERE "
            "k.type = 'api_key.revoked' AND k.targets->0->>'id' = '" +
            key + "' AND u.type IN ('user.purged', 'user.erased') AND u.targets->0->>'id' = '" +
            id + "'"),
        "1");
    EXPECT_EQ(Ask("SELECT revoke_time IS NOT NULL FROM gatehouse.api_key WHERE api_key_id = '" +
                  key + "'"),
              "t");
  }
}

TEST_F(PurgeUsersTest, AKeyThatEndedBeforeItsMakerStaysAsItIs) {
  const Caller maker = backend().LogIn("admin");
  MakeEndingKey(maker, clock().Now() + std::chrono::seconds(90));
  v1::RevokeApiKeyRequest revoke;
  revoke.set_api_key_id(MakeEndingKey(maker).api_key().id());
  ASSERT_TRUE(Call<v1::RevokeApiKeyResponse>(admin(), revoke).ok());
  clock().Advance(std::chrono::seconds(90));
  const std::string keys =
      "SELECT string_agg(k::text, ' ' ORDER BY api_key_id) FROM "
      "gatehouse.api_key k WHERE ends_with_creator";
  const std::string before = Ask(keys);
  Deleted(Get(admin(), maker.id.ToString()).response.user());
  ASSERT_TRUE(CallPurge(Purge(maker.id.ToString())).ok());
  EXPECT_EQ(Ask(keys), before);
  EXPECT_EQ(CountEvents("api_key.revoked"), "1");
}

TEST_F(PurgeUsersTest, HoweverManyKeysEndWithTheirMaker) {
  const std::string id = backend().LogIn("admin").id.ToString();
  EXPECT_EQ(Ask("WITH made AS (INSERT INTO gatehouse.api_key (tenant_id, api_key_id, display_name, "
                "key_prefix, key_hash, permissions, create_time, creator_id, ends_with_creator) "
                "SELECT '" +
                base::kDefaultTenantId.ToString() +
                "', gen_random_uuid(), 'hers', '', sha256(i::text::bytea), '{}', now(), '" + id +
                "', true FROM generate_series(1, 2001) AS i RETURNING 1) SELECT count(*) FROM "
                "made"),
            "2001");
  Deleted(Get(admin(), id).response.user());
  ASSERT_TRUE(CallPurge(Purge(id)).ok());
  EXPECT_EQ(CountEvents("api_key.revoked"), "2001");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.api_key WHERE ends_with_creator AND revoke_time "
                "IS NULL"),
            "0");
}

// What was read before is not what there is: nothing is written.
TEST_F(PurgeUsersTest, APurgeIsOfTheKeysThatItKnows) {
  const Caller maker = backend().LogIn("admin");
  const base::Uuid key = *base::Uuid::Parse(MakeEndingKey(maker).api_key().id());
  Deleted(Get(admin(), maker.id.ToString()).response.user());
  for (const std::vector<base::Uuid>& others : {std::vector<base::Uuid>(), {key, maker.id}}) {
    EXPECT_TRUE(base::HasReason(PurgeKnowing(maker.id, others), base::Reason::kEtagMismatch));
  }
  EXPECT_EQ(CountEvents("test.purged"), "0");
  EXPECT_EQ(Count("user_account", maker.id.ToString()), "1");
  EXPECT_TRUE(PurgeKnowing(maker.id, {key}).ok());
  EXPECT_EQ(CountEvents("test.purged"), "1");
}

// On the list by a mistake, or since a moment ago.
TEST_F(PurgeUsersTest, WhoHasAnAccountKeepsItsSessions) {
  const v1::User user = CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  Ask("INSERT INTO gatehouse.user_purge (tenant_id, user_id, due_time) VALUES ('" +
      base::kDefaultTenantId.ToString() + "', '" + user.id() + "', '2020-01-01') RETURNING 1");
  RunPurger();
  EXPECT_EQ(Count("session", user.id()), "1");
  EXPECT_EQ(Get(ada, user.id()).response.user().username(), "ada");
}

TEST_F(PurgeUsersTest, PurgeUserRefusesWhatItMust) {
  const v1::User ada = Create("ada");
  EXPECT_EQ(CallPurge(Purge(ada.id())).reason(), "CONSTRAINT_VIOLATED");
  const v1::User deleted = Deleted(ada);
  v1::PurgeUserRequest request = Purge(ada.id());
  request.set_etag(ada.etag());
  EXPECT_EQ(CallPurge(request).reason(), "ETAG_MISMATCH");
  EXPECT_EQ(CallPurge(Purge("x")).reason(), "INVALID_FIELD");
  EXPECT_EQ(CallPurge(Purge("01890000-0000-7000-8000-000000000001")).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Call<v1::PurgeUserResponse>(backend().LogIn("viewer"), Purge(ada.id())).reason(),
            "PERMISSION_DENIED");
  v1::CreateUserRequest boss = NewUser("boss");
  boss.mutable_user()->set_role("admin");
  const v1::User former_boss = Deleted(Create(boss));
  EXPECT_EQ(
      Call<v1::PurgeUserResponse>(backend().MakeApiKey({"users.write"}), Purge(former_boss.id()))
          .reason(),
      "PERMISSION_DENIED");
  request = Purge(ada.id());
  request.set_validate_only(true);
  EXPECT_TRUE(CallPurge(request).ok());
  EXPECT_EQ(Count("user_account", ada.id()), "1");
  request.set_validate_only(false);
  request.set_etag(deleted.etag());
  request.set_request_id(kRequestId);
  EXPECT_TRUE(CallPurge(request).ok());
  EXPECT_TRUE(CallPurge(request).ok()) << "a repetition gets the first answer";
  EXPECT_EQ(CountEvents("user.purged"), "1");
}

class EraseUserTest : public PurgeUsersTest {
 protected:
  // Whether every event still has the leaf hash that it was written with.
  void ExpectLeavesHold() {
    const std::string ids = Ask("SELECT string_agg(event_id::text, ' ') FROM gatehouse.event");
    std::istringstream words(ids);
    int checked = 0;
    for (std::string word; words >> word; ++checked) {
      const base::Uuid id = *base::Uuid::Parse(word);
      const auto logged =
          *backend().runner.Run<absl::StatusOr<std::optional<storage::LoggedEvent>>>([&] {
            return backend().storage->log.Get(backend().SystemContext(), base::kDefaultTenantId,
                                              id);
          });
      const std::string secret = *base::HexDecode(
          Ask("SELECT encode(leaf_secret, 'hex') FROM gatehouse.event WHERE event_id = '" + word +
              "'"));
      EXPECT_EQ(storage::LeafHash(logged->event, secret), logged->leaf_hash) << logged->event.type;
    }
    EXPECT_GT(checked, 5);
  }

  // Everything the log holds, as text.
  std::string Log() {
    return Ask("SELECT string_agg(concat_ws(' ', e.type, e.actor_id, e.actor_label, e.targets, "
               "e.ip_address, e.user_agent, e.session_id, e.details), E'\\n') FROM gatehouse.event "
               "e "
               "WHERE type NOT IN ('user.erased', 'user.erasure_finished')") +
           Ask("SELECT coalesce(string_agg(o.actor_id, ' '), '') FROM gatehouse.event_order o") +
           Ask("SELECT coalesce(string_agg(t.target_id, ' '), '') FROM gatehouse.event_target t "
               "JOIN gatehouse.event_order o USING (tenant_id, index) "
               "WHERE o.type NOT IN ('user.erased', 'user.erasure_finished')");
  }
};

TEST_F(EraseUserTest, TheLogForgetsTheUserAndItsProofsHold) {
  const v1::User bob = Create("bob");
  const std::string id = DeletedPerson();
  v1::RecordEventRequest record;
  record.mutable_event()->set_type("invoice.paid");
  record.mutable_event()->mutable_actor()->set_type("user");
  record.mutable_event()->mutable_actor()->set_id(id);
  v1::Target& target = *record.mutable_event()->add_targets();
  target.set_type("invoice");
  target.set_id("4711");
  (*record.mutable_event()->mutable_details()->mutable_fields())["name"].set_string_value(
      "Ada Lovelace");
  ASSERT_TRUE(Call<v1::RecordEventResponse>(admin(), record).ok());
  Sequence();
  ASSERT_NE(Log().find(id), std::string::npos);
  ASSERT_NE(Log().find("Ada Lovelace"), std::string::npos);
  ExpectLeavesHold();

  v1::EraseUserRequest request = Erase(id);
  request.set_reason("Art. 17, request 1");
  const auto outcome = CallErase(request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(Ask("SELECT (details ->> 'reason') || (targets -> 0 ->> 'id') FROM gatehouse.event "
                "WHERE type = 'user.erased'"),
            "Art. 17, request 1" + id);
  Sequence();
  RunPurger();
  for (const char* table : kTables) EXPECT_EQ(Count(table, id), "0") << table;
  const std::string log = Log();
  EXPECT_EQ(log.find(id), std::string::npos);
  EXPECT_EQ(log.find("ada"), std::string::npos);
  EXPECT_EQ(log.find("Ada Lovelace"), std::string::npos);
  EXPECT_EQ(log.find("diary"), std::string::npos) << "the name of a thread";
  EXPECT_NE(log.find("4711"), std::string::npos) << "what was not about the user stays";
  EXPECT_NE(log.find(bob.id()), std::string::npos);
  EXPECT_NE(log.find(admin().id.ToString()), std::string::npos) << "who did it to the user";
  ExpectLeavesHold();
  EXPECT_NE(Ask("SELECT details ->> 'events' FROM gatehouse.event "
                "WHERE type = 'user.erasure_finished'"),
            "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e JOIN gatehouse.event_order o "
                "USING (tenant_id, event_id) WHERE e.leaf_hash <> o.leaf_hash"),
            "0");
}

TEST_F(EraseUserTest, TwoPersonsOfOneEventAreErasedOneAfterTheOther) {
  v1::CreateUserRequest boss = NewUser("boss");
  boss.mutable_user()->set_role("admin");
  boss.set_password(kPassword);
  const v1::User boss_user = Create(boss);
  const Caller boss_caller = LoggedIn("boss");
  const auto eve = Call<v1::CreateUserResponse>(boss_caller, NewUser("eve"));
  ASSERT_TRUE(eve.ok()) << eve.message;
  Deleted(eve.response.user());
  Deleted(boss_user);
  for (const std::string& id : {eve.response.user().id(), boss_user.id()}) {
    ASSERT_TRUE(CallErase(Erase(id)).ok());
    Sequence();
    RunPurger();
    EXPECT_EQ(Log().find(id), std::string::npos);
    ExpectLeavesHold();
  }
}

// The account went with its time; the person asks later.
TEST_F(EraseUserTest, AlsoOneThatWasPurgedIsForgotten) {
  const std::string id = DeletedPerson();
  ASSERT_TRUE(CallPurge(Purge(id)).ok());
  Sequence();
  RunPurger();
  ASSERT_NE(Log().find(id), std::string::npos);
  v1::EraseUserRequest request = Erase(id);
  request.set_validate_only(true);
  EXPECT_TRUE(CallErase(request).ok());
  EXPECT_EQ(CountEvents("user.erased"), "0");
  ASSERT_TRUE(CallErase(Erase(id)).ok());
  Sequence();
  RunPurger();
  EXPECT_EQ(Log().find(id), std::string::npos);
  ExpectLeavesHold();
  // Of whom nobody knows anything.
  for (const bool only : {true, false}) {
    request = Erase("01890000-0000-7000-8000-000000000001");
    request.set_validate_only(only);
    EXPECT_EQ(CallErase(request).reason(), "USER_NOT_FOUND");
  }
  EXPECT_EQ(CountEvents("user.erased"), "1");
}

TEST_F(EraseUserTest, RefusesWhatItMust) {
  const v1::User ada = Create("ada");
  EXPECT_EQ(CallErase(Erase(ada.id())).reason(), "CONSTRAINT_VIOLATED");
  Deleted(ada);
  v1::EraseUserRequest request = Erase(ada.id());
  request.set_reason(std::string(201, 'x'));
  EXPECT_EQ(CallErase(request).reason(), "INVALID_FIELD");
  EXPECT_EQ(
      Call<v1::EraseUserResponse>(backend().MakeApiKey({"users.write"}), Erase(ada.id())).reason(),
      "PERMISSION_DENIED")
      << "without events.write";
  const base::Uuid other = *base::Uuid::Parse("00000000-0000-7000-8000-000000000002");
  EXPECT_EQ(Call<v1::EraseUserResponse>(
                backend().MakeApiKey({"users.write", "events.write"}, other), Erase(ada.id()))
                .reason(),
            "USER_NOT_FOUND");
  EXPECT_EQ(CountEvents("user.erased"), "0");
}

}  // namespace
}  // namespace gatehouse::tests
