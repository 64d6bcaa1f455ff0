// What WatchRevocations tells: what is live, what comes, and until when all of it was told.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "auth/tenant/tenant_reader.h"
#include "auth/verdict/authenticator.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/session_revocation.pb.h"
#include "gatehouse/v1/tenant.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "service/event_log/sequencer_worker.h"
#include "service/main/area/storage_area.h"
#include "storage/event_log/sequencer.h"
#include "tests/integration/sessions/session_fixture.h"
#include "tests/support/grpc_client.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;
using std::chrono::minutes;
using std::chrono::seconds;
using Message = v1::WatchRevocationsResponse;

class WatchRevocationsTest : public SessionFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    SessionFixture::Configure(options);
    options.stores_key = true;
  }
  void SetUp() override {
    SessionFixture::SetUp();
    service::StorageArea& storage = *backend().storage;
    sequencer_ = std::make_unique<service::SequencerWorker>(
        backend().runner.loop(), storage.sequencer, *storage.signal, storage.feed);
    watcher_ = backend().MakeApiKey({"sessions.verify"});
    operator_ = backend().MakeApiKey({"admin.read", "admin.write"});
  }
  void TearDown() override {
    sequencer_.reset();
    SessionFixture::TearDown();
  }

  // Gives what there is its place in the log.
  void Order() {
    ASSERT_THAT(backend().runner.Run<absl::StatusOr<storage::SequencerPass>>(
                    [&] { return sequencer_->RunOnce(); }),
                IsOk());
  }

  // A stream, message by message.
  class Stream {
   public:
    Stream(GrpcClient& client, const Caller& caller, int64_t resume_index) {
      v1::WatchRevocationsRequest request;
      request.set_resume_index(resume_index);
      CallOptions options;
      options.metadata.emplace_back("authorization", "Bearer " + caller.credential);
      call_ = client.Open("/gatehouse.v1.SessionService/WatchRevocations", options);
      EXPECT_TRUE(call_->Write(request.SerializeAsString()));
      EXPECT_TRUE(call_->WritesDone());
    }

    Message Next() {
      std::string bytes;
      Message message;
      EXPECT_TRUE(call_->Read(&bytes));
      EXPECT_TRUE(message.ParseFromString(bytes));
      return message;
    }
    // What is told until all is, in the words of Words.
    std::set<std::string> UntilAllIsTold() {
      std::set<std::string> told;
      do {
        last_ = Next();
        for (const v1::Revocation& revocation : last_.revocations()) told.insert(Words(revocation));
      } while (!last_.has_as_of());
      return told;
    }
    // The next messages that tell something, until `number` revocations were told.
    std::set<std::string> NextTold(size_t number) {
      std::set<std::string> told;
      while (told.size() < number) {
        last_ = Next();
        for (const v1::Revocation& revocation : last_.revocations()) told.insert(Words(revocation));
      }
      return told;
    }
    // The next message that says whether the tenant takes calls.
    const Message& NextState() {
      do {
        last_ = Next();
      } while (last_.tenant_state() == v1::TENANT_STATE_UNSPECIFIED);
      return last_;
    }
    const Message& last() const { return last_; }
    CallOutcome Finish() { return call_->Finish(); }
    // Whatever is said before the end.
    CallOutcome FinishAfterAll() {
      std::string bytes;
      while (call_->Read(&bytes)) {
      }
      return call_->Finish();
    }

   private:
    std::unique_ptr<ClientStream> call_;
    Message last_;
  };

  Stream Watch(int64_t resume_index = 0) { return Stream(raw_client(), watcher_, resume_index); }

  static std::string Words(const v1::Revocation& revocation) {
    switch (revocation.subject_case()) {
      case v1::Revocation::kSessionId:
        return "session " + revocation.session_id();
      case v1::Revocation::kUserId:
        return "user " + revocation.user_id() + " " + std::to_string(revocation.min_user_epoch());
      case v1::Revocation::kApiKeyId:
        return "key " + revocation.api_key_id();
      case v1::Revocation::kSigningKeys:
        return "signing keys";
      case v1::Revocation::kSigningKeyId:
        return "signing key " + revocation.signing_key_id();
      case v1::Revocation::SUBJECT_NOT_SET:
        break;
    }
    return "nothing";
  }

  void RevokeAll(const std::string& user_id, const std::string& except = "") {
    v1::RevokeUserSessionsRequest request;
    request.set_user_id(user_id);
    request.set_except_session_id(except);
    EXPECT_TRUE(Call<v1::RevokeUserSessionsResponse>(admin(), request).ok());
  }

  std::string AddTenant(const std::string& name) {
    v1::CreateTenantRequest request;
    request.mutable_tenant()->set_name(name);
    const auto created = Call<v1::CreateTenantResponse>(operator_, request);
    EXPECT_TRUE(created.ok()) << created.message;
    return created.response.tenant().id();
  }
  void SetState(const std::string& tenant_id, v1::TenantState state,
                const std::string& moved_to = "") {
    v1::UpdateTenantRequest request;
    request.set_tenant_id(tenant_id);
    request.mutable_tenant()->set_state(state);
    request.mutable_tenant()->set_moved_to(moved_to);
    request.mutable_update_mask()->add_paths("state");
    request.mutable_update_mask()->add_paths("moved_to");
    const auto updated = Call<v1::UpdateTenantResponse>(operator_, request);
    EXPECT_TRUE(updated.ok()) << updated.message;
    Order();
  }

  int64_t Head() { return std::stoll(Ask("SELECT size FROM gatehouse.event_log_head")); }

  std::unique_ptr<service::SequencerWorker> sequencer_;
  Caller watcher_;
  Caller operator_;
};

TEST_F(WatchRevocationsTest, TellsWhatIsLiveThenWhatComes) {
  const std::string ada = AddUser("ada");
  const auto first = LogIn("ada").response;
  const auto second = LogIn("ada").response;
  ASSERT_TRUE(LogOut(CallerOf(first)).ok());
  Order();
  Stream stream = Watch();
  const Message begin = stream.Next();
  EXPECT_TRUE(begin.snapshot());
  EXPECT_FALSE(begin.has_as_of());
  EXPECT_EQ(begin.tenant_id(), base::kDefaultTenantId.ToString());
  EXPECT_EQ(stream.UntilAllIsTold(), std::set{"session " + first.session().id()});
  EXPECT_EQ(stream.last().index(), Head());

  ASSERT_TRUE(LogOut(CallerOf(second)).ok());
  Order();
  EXPECT_EQ(stream.NextTold(1), std::set{"session " + second.session().id()});
  EXPECT_FALSE(stream.last().snapshot());
  EXPECT_EQ(stream.last().index(), Head());
  const v1::Revocation& told = stream.last().revocations(0);
  EXPECT_EQ(told.index(), Head());
  // An access token lives for five minutes, and for half a one more by another's clock.
  const int64_t now = base::ToMicros(clock().Now()) / 1'000'000;
  EXPECT_GE(told.drop_after().seconds(), now + 330);
  EXPECT_LE(told.drop_after().seconds(), now + 600);
}

TEST_F(WatchRevocationsTest, EveryEndOfASessionIsTold) {
  struct Case {
    std::string name;
    std::function<void(const std::string& user, const v1::CreateSessionResponse& login)> end;
    // Of the session itself, or of the epoch of its user.
    bool by_epoch = true;
  };
  const auto update = [this](const std::string& user, const std::string& field,
                             const std::function<void(v1::User&)>& change) {
    v1::UpdateUserRequest request;
    request.set_user_id(user);
    request.mutable_update_mask()->add_paths(field);
    change(*request.mutable_user());
    EXPECT_TRUE(Call<v1::UpdateUserResponse>(admin(), request).ok()) << field;
  };
  const std::vector<Case> cases = {
      {"logout", [&](const auto&, const auto& login) { EXPECT_TRUE(LogOut(CallerOf(login)).ok()); },
       false},
      {"all", [&](const auto& user, const auto&) { RevokeAll(user); }},
      {"others",
       [&](const auto& user, const auto&) {
         RevokeAll(user, LogIn("others").response.session().id());
       },
       false},
      {"disabled",
       [&](const auto& user, const auto&) {
         update(user, "state", [](v1::User& to) { to.set_state(v1::USER_STATE_DISABLED); });
       }},
      {"role",
       [&](const auto& user, const auto&) {
         update(user, "role", [](v1::User& to) { to.set_role("analyst"); });
       }},
      {"deleted",
       [&](const auto& user, const auto&) {
         v1::DeleteUserRequest request;
         request.set_user_id(user);
         EXPECT_TRUE(Call<v1::DeleteUserResponse>(admin(), request).ok());
       }},
      {"password",
       [&](const auto& user, const auto&) {
         v1::SetPasswordRequest request;
         request.set_user_id(user);
         request.set_password("another horse battery");
         EXPECT_TRUE(Call<v1::SetPasswordResponse>(admin(), request).ok());
       }},
      {"own_password",
       [&](const auto&, const auto&) {
         v1::ChangePasswordRequest request;
         request.set_current_password(kPassword);
         request.set_new_password("another horse battery");
         const Caller other = CallerOf(LogIn("own_password").response);
         EXPECT_TRUE(Call<v1::ChangePasswordResponse>(other, request).ok());
       },
       false},
      {"reused",
       [&](const auto&, const auto& login) {
         Refresh(login.tokens().refresh_token());
         clock().Advance(kGrace + seconds(1));
         EXPECT_FALSE(Refresh(login.tokens().refresh_token()).ok());
       },
       false},
  };
  Stream stream = Watch();
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const std::string user = AddUser(each.name);
    const auto login = LogIn(each.name).response;
    each.end(user, login);
    Order();
    const std::string wanted =
        each.by_epoch ? "user " + user + " 2" : "session " + login.session().id();
    std::set<std::string> told;
    while (!told.contains(wanted)) told.merge(stream.NextTold(1));
    // Told again from the beginning.
    EXPECT_TRUE(Watch().UntilAllIsTold().contains(wanted));
  }
}

TEST_F(WatchRevocationsTest, KeysAreToldToo) {
  const Caller key = backend().MakeApiKey({"users.read"});
  Stream stream = Watch();
  v1::RevokeApiKeyRequest request;
  request.set_api_key_id(key.id.ToString());
  ASSERT_TRUE(Call<v1::RevokeApiKeyResponse>(admin(), request).ok());
  Order();
  EXPECT_EQ(stream.NextTold(1), std::set{"key " + key.id.ToString()});
}

TEST_F(WatchRevocationsTest, KeysThatAreRemovedAreNamed) {
  const std::string removed = Ask("SELECT key_id FROM gatehouse.signing_key");
  Stream stream = Watch();
  // A key that comes in time leaves the others as they are.
  v1::RotateSigningKeyRequest request;
  ASSERT_TRUE(Call<v1::RotateSigningKeyResponse>(operator_, request).ok());
  Order();
  EXPECT_EQ(stream.NextTold(1), std::set<std::string>{"signing keys"});
  const std::string successor =
      Ask("SELECT key_id FROM gatehouse.signing_key WHERE key_id <> '" + removed + "'");
  request.set_emergency(true);
  ASSERT_TRUE(Call<v1::RotateSigningKeyResponse>(operator_, request).ok());
  Order();
  const std::set<std::string> told{"signing keys", "signing key " + removed,
                                   "signing key " + successor};
  EXPECT_EQ(stream.NextTold(3), told);
  // To those who come after it as well, until no instance has the keys any more.
  EXPECT_EQ(Watch().UntilAllIsTold(), told);
}

TEST_F(WatchRevocationsTest, AFreezeIsToldOnTheStreamThatGoesOn) {
  const std::string acme = AddTenant("acme");
  Order();
  const Caller watcher = backend().MakeApiKey({"sessions.verify"}, *base::Uuid::Parse(acme));
  Stream stream(raw_client(), watcher, 0);
  EXPECT_EQ(stream.NextState().tenant_state(), v1::TENANT_STATE_ACTIVE);
  EXPECT_EQ(stream.last().tenant_id(), acme);
  stream.UntilAllIsTold();
  const int64_t index = stream.last().index();
  SetState(acme, v1::TENANT_STATE_FROZEN);
  EXPECT_EQ(stream.NextState().tenant_state(), v1::TENANT_STATE_FROZEN);
  {
    // Resumed: as it is now.
    Stream resumed(raw_client(), watcher, index);
    EXPECT_EQ(resumed.NextState().tenant_state(), v1::TENANT_STATE_FROZEN);
    EXPECT_FALSE(resumed.last().snapshot());
  }
  // So long afterwards that the log says nothing of it: it holds all the same.
  clock().Advance(minutes(30));
  Stream late(raw_client(), watcher, 0);
  EXPECT_EQ(late.NextState().tenant_state(), v1::TENANT_STATE_FROZEN);
  EXPECT_TRUE(late.last().snapshot());
  SetState(acme, v1::TENANT_STATE_ACTIVE);
  for (Stream* each : {&stream, &late}) {
    EXPECT_EQ(each->NextState().tenant_state(), v1::TENANT_STATE_ACTIVE);
  }
}

TEST_F(WatchRevocationsTest, AStreamSaysThatTheTenantHasMovedAndEnds) {
  const std::string acme = AddTenant("acme");
  Order();
  const Caller watcher = backend().MakeApiKey({"sessions.verify"}, *base::Uuid::Parse(acme));
  Stream stream(raw_client(), watcher, 0);
  stream.UntilAllIsTold();
  SetState(acme, v1::TENANT_STATE_MOVED, "eu2.example.com");
  Stream late(raw_client(), watcher, 0);
  for (Stream* each : {&stream, &late}) {
    EXPECT_EQ(each->NextState().tenant_state(), v1::TENANT_STATE_MOVED);
    EXPECT_EQ(each->last().moved_to(), "eu2.example.com");
    EXPECT_EQ(each->FinishAfterAll().reason(), "TENANT_MOVED");
  }
}

// A tenant that `gatehouse tenant move` has taken away writes nothing into its log here any more.
TEST_F(WatchRevocationsTest, AMoveThatTheTenantsOwnLogDoesNotSayIsToldToo) {
  const std::string acme = AddTenant("acme");
  Order();
  const base::Uuid id = *base::Uuid::Parse(acme);
  const Caller watcher = backend().MakeApiKey({"sessions.verify"}, id);
  Stream stream(raw_client(), watcher, 0);
  stream.UntilAllIsTold();
  Ask("UPDATE gatehouse.tenant SET state = 3, moved_to = 'eu2.example.com', version = version + 1 "
      "WHERE tenant_id = '" +
      acme + "' RETURNING 1");
  ASSERT_THAT(backend().runner.Run<absl::Status>([&] {
    return backend().auth.tenant_reader.Refresh(backend().SystemContext(), id);
  }),
              IsOk());
  EXPECT_EQ(stream.NextState().tenant_state(), v1::TENANT_STATE_MOVED);
  EXPECT_EQ(stream.FinishAfterAll().reason(), "TENANT_MOVED");
}

TEST_F(WatchRevocationsTest, OnlyAChangeOfTheOwnTenantIsTold) {
  const std::string acme = AddTenant("acme");
  Order();
  Stream operators = Watch();
  EXPECT_EQ(operators.Next().tenant_state(), v1::TENANT_STATE_ACTIVE);
  operators.UntilAllIsTold();
  // The operator's log has it too.
  SetState(acme, v1::TENANT_STATE_FROZEN);
  AddUser("ada");
  ASSERT_TRUE(LogOut(CallerOf(LogIn("ada").response)).ok());
  Order();
  Message message;
  do {
    message = operators.Next();
    EXPECT_EQ(message.tenant_state(), v1::TENANT_STATE_UNSPECIFIED);
  } while (message.revocations_size() == 0);
}

TEST_F(WatchRevocationsTest, ResumesAfterTheIndexThatItIsGiven) {
  AddUser("ada");
  const auto first = LogIn("ada").response;
  const auto second = LogIn("ada").response;
  ASSERT_TRUE(LogOut(CallerOf(first)).ok());
  Order();
  int64_t index = 0;
  {
    Stream stream = Watch();
    stream.UntilAllIsTold();
    index = stream.last().index();
  }
  ASSERT_TRUE(LogOut(CallerOf(second)).ok());
  Order();
  Stream resumed = Watch(index);
  const Message begin = resumed.Next();
  EXPECT_FALSE(begin.snapshot());
  EXPECT_EQ(begin.index(), index);
  EXPECT_EQ(resumed.UntilAllIsTold(), std::set{"session " + second.session().id()});
}

TEST_F(WatchRevocationsTest, WhatCannotBeResumedBeginsAnew) {
  AddUser("ada");
  const auto first = LogIn("ada").response;
  ASSERT_TRUE(LogOut(CallerOf(first)).ok());
  Order();
  // Of a log that was longer before the database was restored.
  Stream beyond = Watch(1'000'000);
  EXPECT_TRUE(beyond.Next().snapshot());
  EXPECT_EQ(beyond.UntilAllIsTold(), std::set{"session " + first.session().id()});
  const int64_t index = beyond.last().index();

  // So long ago that nothing of then is live: what came since is told from where it is.
  clock().Advance(minutes(30));
  const auto second = LogIn("ada").response;
  Order();
  ASSERT_TRUE(LogOut(CallerOf(second)).ok());
  Order();
  Stream late = Watch(index - 1);
  EXPECT_TRUE(late.Next().snapshot());
  EXPECT_EQ(late.UntilAllIsTold(), std::set{"session " + second.session().id()});
}

TEST_F(WatchRevocationsTest, WhatNoTokenOutlivesIsNotTold) {
  AddUser("ada");
  ASSERT_TRUE(LogOut(CallerOf(LogIn("ada").response)).ok());
  Order();
  clock().Advance(minutes(10));
  EXPECT_TRUE(Watch().UntilAllIsTold().empty());
}

TEST_F(WatchRevocationsTest, ManyAreToldInPieces) {
  const std::string ada = AddUser("ada");
  const auto kept = LogIn("ada").response;
  const base::Uuid id = *base::Uuid::Parse(ada);
  // As many as would be 2.5 messages, ended by one event.
  Ask("INSERT INTO gatehouse.session (tenant_id, session_id, user_id, generation, rotate_time, "
      "label, thread_id, context,"
      " ip_address, user_agent, amr, auth_time, create_time, update_time, last_used_time, "
      "idle_expire_time, expire_time,"
      " version) SELECT tenant_id, overlay(session_id::text PLACING lpad(to_hex(i), 12, '0') FROM "
      "25)::uuid, user_id,"
      " generation, rotate_time, label, thread_id, context, ip_address, user_agent, amr, "
      "auth_time, create_time, update_time,"
      " last_used_time, idle_expire_time, expire_time, version"
      " FROM gatehouse.session, generate_series(1, 2500) i WHERE user_id = '" +
      id.ToString() + "' RETURNING 1");
  RevokeAll(ada, kept.session().id());
  Order();
  Stream stream = Watch();
  stream.Next();
  size_t told = 0;
  Message message;
  do {
    message = stream.Next();
    EXPECT_LE(message.revocations_size(), 1000);
    told += static_cast<size_t>(message.revocations_size());
    // Whoever breaks off within a page gets it again.
    EXPECT_EQ(message.index() == Head(), told >= 2501 || message.has_as_of()) << told;
  } while (!message.has_as_of());
  // And the user, whose epoch is what it was.
  EXPECT_EQ(told, 2501u);
}

TEST_F(WatchRevocationsTest, AsOfIsWhatEveryInstanceHadRevoked) {
  Stream stream = Watch();
  stream.UntilAllIsTold();
  EXPECT_LE(stream.last().as_of().seconds(), stream.last().server_time().seconds());
  // Some instance's revocations are in nobody's log yet.
  const auto known = std::chrono::steady_clock::now();
  backend().auth.authenticator.RevocationsKnownUntil(known);
  Message message;
  base::Duration age{};
  // The clock stands still: what is known gets older all the same.
  do {
    do {
      message = stream.Next();
    } while (!message.has_as_of());
    age = seconds(message.server_time().seconds() - message.as_of().seconds()) +
          std::chrono::floor<base::Duration>(
              std::chrono::nanoseconds(message.server_time().nanos() - message.as_of().nanos()));
  } while (age < seconds(2));
  EXPECT_LE(age, std::chrono::steady_clock::now() - known + std::chrono::milliseconds(1));
}

TEST_F(WatchRevocationsTest, AStreamEndsWithItsCredential) {
  Stream stream = Watch();
  stream.UntilAllIsTold();
  backend().auth.authenticator.ApiKeyRevoked(watcher_.id);
  v1::RevokeApiKeyRequest request;
  request.set_api_key_id(watcher_.id.ToString());
  ASSERT_TRUE(Call<v1::RevokeApiKeyResponse>(admin(), request).ok());
  EXPECT_EQ(stream.Finish().reason(), "UNAUTHENTICATED");
}

TEST_F(WatchRevocationsTest, OfAnotherTenantNothingIsTold) {
  const base::Uuid elsewhere = *base::Uuid::Parse("0190d1f0-0000-7000-8000-0000000000ff");
  AddUser("ada");
  ASSERT_TRUE(LogOut(CallerOf(LogIn("ada").response)).ok());
  Order();
  const Caller other = backend().MakeApiKey({"sessions.verify"}, elsewhere);
  Stream stream(raw_client(), other, 0);
  EXPECT_EQ(stream.Next().tenant_id(), elsewhere.ToString());
  EXPECT_TRUE(stream.UntilAllIsTold().empty());
  EXPECT_EQ(stream.last().index(), 0);
}

TEST_F(WatchRevocationsTest, NeedsAPermissionAndAnIndexThatCanBe) {
  const Caller reader = backend().MakeApiKey({"users.read"});
  EXPECT_EQ(Stream(raw_client(), reader, 0).Finish().code, StatusCode::kPermissionDenied);
  const CallOutcome negative = Stream(raw_client(), watcher_, -1).Finish();
  EXPECT_EQ(negative.code, StatusCode::kInvalidArgument);
  EXPECT_EQ(negative.reason(), "INVALID_FIELD");
}

}  // namespace
}  // namespace gatehouse::tests
