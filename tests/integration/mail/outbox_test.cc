// What becomes of mails that are in the outbox.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/log_line.h"
#include "base/uuid.h"
#include "gatehouse/v1/user.pb.h"
#include "storage/change.h"
#include "storage/event.h"
#include "storage/mail/mail_store.h"
#include "storage/sealing_keys.h"
#include "tests/integration/mail/mail_fixture.h"
#include "tests/support/server/test_backend.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class OutboxTest : public MailFixture {
 protected:
  // A reset by mail.
  UnaryOutcome<v1::StartPasswordResetResponse> Start(const std::string& user_id) {
    v1::StartPasswordResetRequest request;
    request.set_user_id(user_id);
    request.set_delivery(v1::TOKEN_DELIVERY_MAIL);
    return Call<v1::StartPasswordResetResponse>(admin(), request);
  }
  void Queue(const std::string& username = "ada") {
    const auto outcome = Start(CreateWithPassword(username).id());
    ASSERT_TRUE(outcome.ok()) << outcome.message;
  }
};

TEST_F(OutboxTest, AMailIsWrittenWithItsChangeAndSentAfterTheAnswer) {
  Queue();
  EXPECT_EQ(Mails(), "1 2 0");
  EXPECT_EQ(smtp_.untold(), 0u);
  Turn();
  const nlohmann::json mail = smtp_.NextMail();
  EXPECT_EQ(mail["to"], std::vector<std::string>{"ada@example.com"});
  EXPECT_EQ(mail["headers"]["From"], "gatehouse@example.com");
  EXPECT_EQ(mail["headers"]["Auto-Submitted"], "auto-generated");
  EXPECT_NE(TokenOf(mail), "");
  EXPECT_EQ(Mails(), "1 3 1 250");
  EXPECT_EQ(worker_->stats().sent, 1);
  Turn();
  EXPECT_EQ(smtp_.untold(), 0u);
}

TEST_F(OutboxTest, AChangeThatFailsSendsNothing) {
  v1::InviteUserRequest request;
  request.mutable_user()->set_username("ada");
  request.mutable_user()->set_email("ada@example.com");
  request.mutable_user()->set_role("none");
  request.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  EXPECT_FALSE(Call<v1::InviteUserResponse>(admin(), request).ok());
  EXPECT_EQ(Mails(), "");
}

// Who reads the database, or a copy of it, logs in as nobody.
TEST_F(OutboxTest, TheTokenIsNowhereButInTheMail) {
  std::string log;
  std::string token;
  {
    const base::ScopedLogCapture capture([&](const std::string& line) { log += line; });
    Queue();
    // While it waits, the mail is there, and can be read with the master key alone.
    EXPECT_EQ(Ask("SELECT length(content) > 100 FROM gatehouse.mail"), "t");
    EXPECT_EQ(Ask("SELECT position('ada'::bytea IN content) FROM gatehouse.mail"), "0");
    Ask("CREATE TABLE gatehouse.waiting AS SELECT * FROM gatehouse.mail");
    smtp_.Tell("reply data 451 4.3.0 Later");
    Turn();
    smtp_.Tell("reply data");
    clock().Advance(minutes(1));
    Turn();
    token = TokenOf(smtp_.NextMail());
  }
  ASSERT_NE(token, "");
  EXPECT_FALSE(IsInDatabase(token));
  EXPECT_EQ(log.find(token), std::string::npos);
  EXPECT_EQ(log.find("ada@example.com"), std::string::npos);
  EXPECT_EQ(Ask("SELECT content IS NULL FROM gatehouse.mail"), "t");
  // The search finds what is there.
  EXPECT_TRUE(IsInDatabase("user.password_reset_started"));
}

// Whoever can write to the database has no mail sent in the place of another.
TEST_F(OutboxTest, WhatWasSealedForAnotherMailIsNotSent) {
  Queue("ada");
  clock().Advance(seconds(1));
  Queue("bob");
  const auto mail_of = [](const std::string& username) {
    return "user_id = (SELECT user_id FROM gatehouse.user_account WHERE username = '" + username +
           "')";
  };
  EXPECT_EQ(Ask("UPDATE gatehouse.mail SET content = (SELECT content FROM gatehouse.mail WHERE " +
                mail_of("bob") + ") WHERE " + mail_of("ada") + " RETURNING 1"),
            "1");
  Turn();
  EXPECT_EQ(Mails(), "1 2 1 unreadable; 1 3 1 250");
  EXPECT_EQ(smtp_.NextMail()["to"], std::vector<std::string>{"bob@example.com"});
  EXPECT_EQ(smtp_.untold(), 0u);
}

TEST_F(OutboxTest, TheMailsOfATenantThatIsFrozenWait) {
  Queue();
  const std::string set = "UPDATE gatehouse.tenant SET state = ";
  const std::string of_all = " RETURNING state";
  EXPECT_EQ(Ask(set + "2" + of_all), "2");
  Turn();
  EXPECT_EQ(Mails(), "1 2 0");
  EXPECT_EQ(Ask(set + "1" + of_all), "1");
  Turn();
  EXPECT_EQ(Mails(), "1 3 1 250");
}

TEST_F(OutboxTest, WhatWaitsIsSealedUnderAnotherMasterKey) {
  using Resealed = storage::Resealed<storage::MailStore::Place>;
  Queue();
  const std::string next_key(32, 'n');
  storage::MailStore both(*backend().storage->database,
                          storage::SealingKeys(next_key, TestBackend::kMasterKey));
  const auto reseal = [&] {
    return backend().runner.Run<absl::StatusOr<Resealed>>([&] {
      storage::Change change{.events = {storage::MakeEvent(backend().SystemContext(), clock().Now(),
                                                           "test.resealed", {})}};
      return both.Reseal(backend().SystemContext(), {}, 100, std::move(change));
    });
  };
  const absl::StatusOr<Resealed> first = reseal();
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->resealed, 1);
  const absl::StatusOr<Resealed> again = reseal();
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->looked_at, 1);
  EXPECT_EQ(again->resealed, 0);

  storage::MailStore after(*backend().storage->database, next_key);
  using Taken = absl::StatusOr<std::vector<storage::TakenMail>>;
  const Taken taken = backend().runner.Run<Taken>([&] {
    return after.TakeDue(backend().SystemContext(),
                         {.now = clock().Now(), .lease = seconds(1), .limit = 8});
  });
  ASSERT_THAT(taken, IsOk());
  ASSERT_EQ(taken->size(), 1u);
  EXPECT_NE(taken->front().content.find("ada@example.com"), std::string::npos);
}

TEST_F(OutboxTest, TriesAgainLaterEachTime) {
  Queue();
  smtp_.Tell("reply rcpt 450 4.2.1 Later");
  Turn();
  EXPECT_EQ(Mails(), "1 2 1 recipient 450");
  // Not before its time.
  Turn();
  EXPECT_EQ(Mails(), "1 2 1 recipient 450");
  clock().Advance(seconds(15));
  Turn();
  EXPECT_EQ(Mails(), "1 2 2 recipient 450");
  clock().Advance(seconds(59));
  Turn();
  EXPECT_EQ(Mails(), "1 2 2 recipient 450");
  smtp_.Tell("reply rcpt");
  clock().Advance(seconds(1));
  Turn();
  EXPECT_EQ(Mails(), "1 3 3 250");
  EXPECT_EQ(smtp_.untold(), 1u);
  EXPECT_EQ(worker_->stats().delayed, 2);
}

TEST_F(OutboxTest, AMailThatIsRefusedIsGivenUpWithAnEvent) {
  Queue();
  smtp_.Tell("reply rcpt 550 5.1.1 Nobody");
  Turn();
  EXPECT_EQ(Mails(), "1 4 1 recipient 550");
  EXPECT_EQ(Ask("SELECT content IS NULL FROM gatehouse.mail"), "t");
  EXPECT_EQ(Ask("SELECT concat_ws(' ', actor_type, outcome, targets->0->>'type', "
                "targets->1->>'type', details->>'kind', details->>'error', details->>'smtp_code', "
                "details->>'attempts') FROM gatehouse.event WHERE type = "
                "'gatehouse.mail_given_up'"),
            "system 2 mail user password_reset recipient 550 1");
  EXPECT_EQ(worker_->stats().given_up, 1);
}

// Its token is no good any more.
TEST_F(OutboxTest, AMailIsGivenUpWhenItIsOfNoUse) {
  Queue();
  smtp_.Tell("reply data 451 4.3.0 Later");
  for (int i = 0; i < 10 && Mails().starts_with("1 2"); ++i) {
    clock().Advance(minutes(20));
    Turn();
  }
  EXPECT_EQ(Mails().substr(0, 4), "1 4 ") << Mails();
  EXPECT_EQ(CountEvents("gatehouse.mail_given_up"), "1");
}

TEST_F(OutboxTest, AMailThatIsOfNoUseIsNotSent) {
  Queue();
  clock().Advance(hours(1));
  Turn();
  EXPECT_EQ(smtp_.untold(), 0u);
  EXPECT_EQ(Mails(), "1 4 1 expired");
}

TEST_F(OutboxTest, AServerThatTakesNothingIsLeftAlone) {
  for (const char* name : {"ada", "bob", "cem", "dag", "eva", "fay", "gil", "hal"}) Queue(name);
  smtp_.Tell("reply mail 451 4.3.2 Closed");
  Turn();
  // One batch of as many as there are connections.
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.mail WHERE attempt_count > 0"), "4");
  EXPECT_TRUE(worker_->stats().paused);
  Turn();
  EXPECT_EQ(Ask("SELECT sum(attempt_count) FROM gatehouse.mail"), "4");
  smtp_.Tell("reply mail");
  clock().Advance(seconds(2));
  Turn();
  EXPECT_FALSE(worker_->stats().paused);
  clock().Advance(seconds(20));
  Turn();
  EXPECT_EQ(smtp_.untold(), 8u);
}

// SIGKILL after the server took a mail and before that was written, as another instance sees it.
TEST_F(OutboxTest, AMailOfAnInstanceThatDiedIsSentAgainUnderTheSameId) {
  Queue();
  smtp_.Tell("hold");
  auto turn = backend().runner.Start<absl::Status>(
      [&] { return worker_->RunOnce(backend().SystemContext()); });
  smtp_.WaitUntilHeld();
  const std::string id = smtp_.NextMail()["headers"]["Message-ID"];
  // While it has the mail nobody else takes it.
  const auto other = MakeWorker();
  Turn(*other);
  EXPECT_EQ(other->stats().sent, 0);
  Ask("UPDATE gatehouse.mail SET lease_until = now() - interval '1 s' RETURNING 1");
  auto again = backend().runner.Start<absl::Status>(
      [&] { return other->RunOnce(backend().SystemContext()); });
  smtp_.WaitUntilHeld();
  EXPECT_EQ(smtp_.NextMail()["headers"]["Message-ID"], id);
  smtp_.Tell("release");
  EXPECT_THAT(again.get(), IsOk());
  EXPECT_THAT(turn.get(), IsOk());
  EXPECT_EQ(other->stats().sent, 1);
  EXPECT_EQ(Mails(), "1 3 2 250");
}

TEST_F(OutboxTest, TwoInstancesSendEachMailOnce) {
  for (int i = 0; i < 20; ++i) Queue("user-" + std::to_string(i));
  const auto other = MakeWorker();
  auto first = backend().runner.Start<absl::Status>(
      [&] { return worker_->RunOnce(backend().SystemContext()); });
  auto second = backend().runner.Start<absl::Status>(
      [&] { return other->RunOnce(backend().SystemContext()); });
  EXPECT_THAT(first.get(), IsOk());
  EXPECT_THAT(second.get(), IsOk());
  EXPECT_EQ(smtp_.untold(), 20u);
  EXPECT_EQ(worker_->stats().sent + other->stats().sent, 20);
}

TEST_F(OutboxTest, WhatWasSentIsPurgedAfterAWhile) {
  Queue();
  Turn();
  const auto purge = [&] {
    return *backend().runner.Run<absl::StatusOr<int64_t>>([&] {
      return backend().storage->mails.Purge(backend().SystemContext(), base::kDefaultTenantId,
                                            clock().Now(), 10);
    });
  };
  Queue("bob");
  EXPECT_EQ(purge(), 1);
  EXPECT_EQ(Mails(), "1 2 0");
}

}  // namespace
}  // namespace gatehouse::tests
