#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/bulk/printed_export.h"
#include "tests/integration/users/bulk/bulk_fixture.h"

namespace gatehouse::tests {
namespace {

class ExportUserTest : public BulkFixture {
 protected:
  // Mails that nobody sends.
  void Configure(TestBackend::Options& options) override {
    BulkFixture::Configure(options);
    options.config.mail.server = "127.0.0.1:25";
    options.config.mail.password_reset_url = "https://example.com/{token}";
  }

  struct Exported {
    std::vector<v1::ExportUserResponse> records;
    CallOutcome outcome;

    int Count(v1::ExportUserResponse::RecordCase kind) const {
      int count = 0;
      for (const auto& record : records) count += record.record_case() == kind;
      return count;
    }
    std::string Text() const {
      std::string text;
      for (const auto& record : records) text += record.DebugString();
      return text;
    }
  };

  Exported Export(const Caller& caller, const std::string& id) {
    Exported exported;
    const auto stream = raw_client().Open("/gatehouse.v1.UserService/ExportUser", As(caller));
    v1::ExportUserRequest request;
    request.set_user_id(id);
    stream->Write(request.SerializeAsString());
    stream->WritesDone();
    std::string bytes;
    while (stream->Read(&bytes)) exported.records.emplace_back().ParseFromString(bytes);
    exported.outcome = stream->Finish();
    return exported;
  }

  // The first one.
  static v1::ExportedMail MailOf(const Exported& exported) {
    for (const auto& record : exported.records) {
      if (record.has_mail()) return record.mail();
    }
    ADD_FAILURE() << "no mail";
    return {};
  }

  // Somebody with something of everything, logged in.
  Caller Person(const std::string& username = "ada") {
    const v1::User user = CreateWithPassword(username);
    const Caller ada = LoggedIn(username);
    LoggedIn(username);
    v1::AppendMessagesRequest append;
    append.set_thread_id("diary");
    for (int i = 0; i < 3; ++i) {
      v1::ThreadMessage& message = *append.add_messages();
      message.set_role(v1::MESSAGE_ROLE_USER);
      message.mutable_content()->set_string_value("page " + std::to_string(i));
    }
    EXPECT_TRUE(Call<v1::AppendMessagesResponse>(ada, append).ok());
    v1::EnrollTotpRequest enroll;
    enroll.set_current_password(kPassword);
    EXPECT_TRUE(Call<v1::EnrollTotpResponse>(ada, enroll).ok());
    v1::StartPasswordResetRequest reset;
    reset.set_user_id(user.id());
    EXPECT_TRUE(Call<v1::StartPasswordResetResponse>(admin(), reset).ok());
    Sequence();
    return ada;
  }
};

TEST_F(ExportUserTest, StreamsEverythingThatIsHeld) {
  const Caller ada = Person();
  const Exported exported = Export(admin(), ada.id.ToString());
  ASSERT_TRUE(exported.outcome.ok()) << exported.outcome.message;
  ASSERT_FALSE(exported.records.empty());
  EXPECT_EQ(exported.records[0].user().email(), "ada@example.com");
  EXPECT_EQ(exported.Count(v1::ExportUserResponse::kSession), 2);
  EXPECT_EQ(exported.Count(v1::ExportUserResponse::kSecondFactor), 1);
  EXPECT_EQ(exported.Count(v1::ExportUserResponse::kOneTimeToken), 1);
  EXPECT_EQ(exported.Count(v1::ExportUserResponse::kThread), 1);
  EXPECT_EQ(exported.Count(v1::ExportUserResponse::kMessage), 3);
  std::map<std::string, int> events;
  for (const auto& record : exported.records) {
    if (record.has_event()) ++events[record.event().type()];
  }
  EXPECT_EQ(events["user.created"], 1);
  EXPECT_EQ(events["session.created"], 2) << "once, though it is actor and target";
  EXPECT_EQ(events["session.messages_appended"], 1);
  EXPECT_EQ(events["user.password_reset_started"], 1);
}

TEST_F(ExportUserTest, HasNoSecret) {
  const Caller ada = Person();
  ASSERT_EQ(Ask("INSERT INTO gatehouse.former_password (tenant_id, user_id, replace_time, "
                "former_id, password_hash) SELECT tenant_id, user_id, now(), gen_random_uuid(), "
                "password_hash FROM gatehouse.user_account WHERE user_id = '" +
                ada.id.ToString() + "' RETURNING left(password_hash, 9)"),
            "$argon2id");
  const std::string text = Export(admin(), ada.id.ToString()).Text();
  for (const char* secret : {"argon2id", "secret", "password_hash", "token_hash"}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
}

// A key is kept when it has ended, and so is a device until the next login.
TEST_F(ExportUserTest, WhatHasEndedIsHeldAsWell) {
  const Caller maker = backend().LogIn("admin");
  v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("hers");
  create.mutable_api_key()->add_permissions("users.read");
  const auto make = [&] {
    const auto made = Call<v1::CreateApiKeyResponse>(maker, create);
    EXPECT_TRUE(made.ok()) << made.message;
    return made.response.api_key().id();
  };
  v1::RevokeApiKeyRequest revoke;
  revoke.set_api_key_id(make());
  ASSERT_TRUE(Call<v1::RevokeApiKeyResponse>(admin(), revoke).ok());
  const std::string good = make();
  create.mutable_api_key()->mutable_expire_time()->set_seconds(
      base::ToMicros(clock().Now()) / 1'000'000 + 60);
  const std::string expired = make();
  clock().Advance(std::chrono::seconds(60));
  EXPECT_EQ(Ask("INSERT INTO gatehouse.remembered_device (tenant_id, user_id, device_id, "
                "token_hash, user_epoch, second_factor_time, label, ip_address, user_agent, "
                "create_time, expire_time) VALUES ('" +
                base::kDefaultTenantId.ToString() + "', '" + maker.id.ToString() +
                "', gen_random_uuid(), '', 0, '2025-01-01', 'her laptop', '192.0.2.1', '', "
                "'2025-01-01', '2025-01-02') RETURNING 1"),
            "1");
  const Exported exported = Export(admin(), maker.id.ToString());
  ASSERT_TRUE(exported.outcome.ok()) << exported.outcome.message;
  std::vector<std::string> keys;
  for (const auto& record : exported.records) {
    if (record.has_api_key()) keys.push_back(record.api_key().id());
    if (record.has_remembered_device()) EXPECT_EQ(record.remembered_device().label(), "her laptop");
  }
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre(revoke.api_key_id(), good, expired));
  EXPECT_EQ(exported.Count(v1::ExportUserResponse::kRememberedDevice), 1);
}

TEST_F(ExportUserTest, HoweverManyKeysThereAre) {
  const Caller maker = backend().LogIn("admin");
  EXPECT_EQ(Ask("WITH made AS (INSERT INTO gatehouse.api_key (tenant_id, api_key_id, display_name, "
                "key_prefix, key_hash, permissions, create_time, creator_id) SELECT '" +
                base::kDefaultTenantId.ToString() +
                "', gen_random_uuid(), 'hers', '', sha256(i::text::bytea), '{}', now(), '" +
                maker.id.ToString() +
                "' FROM generate_series(1, 1200) AS i RETURNING 1) SELECT count(*) FROM made"),
            "1200");
  const Exported exported = Export(admin(), maker.id.ToString());
  ASSERT_TRUE(exported.outcome.ok()) << exported.outcome.message;
  std::set<std::string> keys;
  for (const auto& record : exported.records) {
    if (record.has_api_key()) keys.insert(record.api_key().id());
  }
  EXPECT_EQ(keys.size(), 1200u);
  EXPECT_EQ(exported.Count(v1::ExportUserResponse::kApiKey), 1200);
}

TEST_F(ExportUserTest, MailsAreHeldWithoutWhatTheySay) {
  v1::StartPasswordResetRequest reset;
  reset.set_user_id(CreateWithPassword("ada").id());
  reset.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  ASSERT_TRUE(Call<v1::StartPasswordResetResponse>(admin(), reset).ok());
  const Exported exported = Export(admin(), reset.user_id());
  ASSERT_EQ(exported.Count(v1::ExportUserResponse::kMail), 1);
  EXPECT_THAT(exported.Text(), ::testing::Not(::testing::HasSubstr("gh_ot_")));
  EXPECT_THAT(exported.Text(), ::testing::Not(::testing::HasSubstr("example.com/")));
  const v1::ExportedMail waiting = MailOf(exported);
  EXPECT_EQ(waiting.kind(), "password_reset");
  EXPECT_EQ(waiting.state(), "WAITING");
  EXPECT_EQ(waiting.to(), "ada@example.com");
  EXPECT_FALSE(waiting.has_end_time());
  EXPECT_EQ(waiting.expire_time().seconds() - waiting.create_time().seconds(), 3600);

  EXPECT_EQ(Ask("UPDATE gatehouse.mail SET state = 4, content = NULL, end_time = '2026-01-01', "
                "attempt_count = 2, error_class = 'recipient', smtp_code = 550 RETURNING 1"),
            "1");
  const v1::ExportedMail over = MailOf(Export(admin(), reset.user_id()));
  EXPECT_EQ(over.state(), "GIVEN_UP");
  EXPECT_EQ(over.to(), "");
  EXPECT_TRUE(over.has_end_time());
  EXPECT_EQ(over.attempt_count(), 2);
  EXPECT_EQ(over.error(), "recipient");
  EXPECT_EQ(over.smtp_code(), 550);
  // Nobody else's.
  EXPECT_EQ(Export(admin(), Person("grace").id.ToString()).Count(v1::ExportUserResponse::kMail), 0);
}

TEST_F(ExportUserTest, AUserExportsItselfAndLearnsNothingOfOthers) {
  const Caller ada = Person();
  const Exported exported = Export(ada, "");
  ASSERT_TRUE(exported.outcome.ok()) << exported.outcome.message;
  EXPECT_EQ(exported.records.at(0).user().username(), "ada");
  const std::string text = exported.Text();
  EXPECT_EQ(text.find(admin().id.ToString()), std::string::npos);
  EXPECT_NE(text.find("user.password_reset_started"), std::string::npos) << "but that it was";
  EXPECT_NE(text.find("page 2"), std::string::npos);
}

TEST_F(ExportUserTest, AlsoADeletedUserUntilItsPurge) {
  const Caller ada = Person();
  v1::User user;
  user.set_id(ada.id.ToString());
  Deleted(user);
  const Exported exported = Export(admin(), user.id());
  ASSERT_TRUE(exported.outcome.ok()) << exported.outcome.message;
  EXPECT_EQ(exported.Count(v1::ExportUserResponse::kMessage), 3);
  v1::PurgeUserRequest purge;
  purge.set_user_id(user.id());
  ASSERT_TRUE(Call<v1::PurgeUserResponse>(admin(), purge).ok());
  EXPECT_EQ(Export(admin(), user.id()).outcome.reason(), "USER_NOT_FOUND");
}

TEST_F(ExportUserTest, OthersNeedToSeeAllOfIt) {
  const std::string id = Person().id.ToString();
  std::vector<std::string> permissions = {"users.read", "sessions.read", "threads.read",
                                          "api_keys.read", "events.read"};
  EXPECT_TRUE(Export(backend().MakeApiKey(permissions), id).outcome.ok());
  for (size_t i = 0; i < permissions.size(); ++i) {
    std::vector<std::string> fewer = permissions;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(Export(backend().MakeApiKey(fewer), id).outcome.reason(), "PERMISSION_DENIED")
        << permissions[i];
  }
  EXPECT_EQ(Export(backend().LogIn("viewer"), id).outcome.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Export(backend().MakeApiKey(permissions), "").outcome.reason(), "INVALID_FIELD");
  EXPECT_EQ(Export(admin(), "x").outcome.reason(), "INVALID_FIELD");
  EXPECT_EQ(Export(admin(), "01890000-0000-7000-8000-000000000001").outcome.reason(),
            "USER_NOT_FOUND");
}

TEST_F(ExportUserTest, PrintsLinesOfJson) {
  Person();
  std::ostringstream out;
  const absl::Status printed =
      service::PrintExport(backend().services.users, backend().runner.loop(),
                           backend().SystemContext(), "ADA@example.com", out);
  ASSERT_TRUE(printed.ok()) << printed;
  EXPECT_THAT(out.str(), ::testing::StartsWith("{\"user\":{"));
  EXPECT_THAT(out.str(), ::testing::HasSubstr("\n{\"thread\":{\"threadId\":\"diary\""));
  EXPECT_THAT(out.str(), ::testing::EndsWith("}\n"));
}

}  // namespace
}  // namespace gatehouse::tests
