// What one instance revokes, another one learns from the log.

#include "service/event_log/revocation_follower.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "auth/verdict/authenticator.h"
#include "storage/api_key/api_key_store.h"
#include "storage/change.h"
#include "storage/event_log/sequencer.h"
#include "storage/event_types.h"
#include "storage/postgres/admin/connection.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/server/test_backend.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using Caller = TestBackend::Caller;
namespace event_types = storage::event_types;

// The instance that revokes is the backend's stores, whose authenticator nobody tells;
// the one that follows is `follower_` with that authenticator.
class RevocationFollowerTest : public testing::Test {
 protected:
  absl::Status TakePosition() {
    return b_.runner.Run<absl::Status>([&] { return follower_.TakePosition(b_.SystemContext()); });
  }
  // Gives what there is its place in the log, as the sequencer of another instance whose
  // notification is lost.
  void Order() {
    const auto pass = b_.runner.Run<absl::StatusOr<storage::SequencerPass>>(
        [&] { return b_.storage->sequencer.RunPass(b_.SystemContext(), 1000); });
    ASSERT_THAT(pass, IsOk());
    ASSERT_FALSE(pass->batches.empty());
  }
  // Orders what there is, and has it followed.
  void Follow() {
    Order();
    ASSERT_THAT(b_.runner.Run<absl::Status>([&] { return follower_.RunOnce(b_.SystemContext()); }),
                IsOk());
  }

  absl::Status Poll() {
    return b_.runner.Run<absl::Status>([&] { return follower_.Poll(b_.SystemContext()); });
  }
  absl::Status Turn(base::SteadyTime poll) {
    return b_.runner.Run<absl::Status>([&] { return follower_.RunTurn(poll, {}); });
  }
  void RevokeElsewhere(const Caller& caller) {
    using Ended = absl::StatusOr<std::optional<storage::Session>>;
    const Ended revoked = b_.runner.Run<Ended>([&] {
      return b_.storage->sessions.Revoke(
          b_.SystemContext(), base::kDefaultTenantId, caller.session_id, "REVOKED", b_.clock.Now(),
          With(event_types::kSessionRevoked, "session", caller.session_id));
    });
    ASSERT_THAT(revoked, IsOk());
  }

  bool Works(const Caller& caller) {
    using VerdictOr = absl::StatusOr<std::shared_ptr<const auth::Verdict>>;
    return b_.runner
        .Run<VerdictOr>([&] {
          return b_.auth.authenticator.Authenticate(b_.SystemContext(), caller.credential);
        })
        .ok();
  }

  storage::Change With(std::string_view type, std::string target_type, const base::Uuid& target) {
    return {.events = {storage::MakeEvent(b_.SystemContext(), b_.clock.Now(), std::string(type),
                                          {{std::move(target_type), target.ToString(), ""}})}};
  }

  TestBackend b_;
  service::RevocationFollower follower_{
      b_.runner.loop(),
      b_.storage->log,
      b_.storage->feed,
      b_.auth.authenticator,
      [this](base::CallContext ctx) { return b_.auth.key_rotation.Load(std::move(ctx)); },
      [this](const std::optional<base::Uuid>& tenant_id) {
        // Nil for all.
        changed_catalogues_.push_back(tenant_id.value_or(base::Uuid()));
      },
      [this] { ++endpoint_reads_; }};
  std::vector<base::Uuid> changed_catalogues_;
  int endpoint_reads_ = 0;
};

TEST_F(RevocationFollowerTest, ReadsAgainWhatSomebodyHadForgotten) {
  ASSERT_THAT(TakePosition(), IsOk());
  const storage::Event event = storage::MakeEvent(
      b_.SystemContext(), b_.clock.Now(), std::string(event_types::kCacheInvalidated),
      {{"cache", "event_schemas", ""}, {"cache", "endpoints", ""}});
  ASSERT_THAT(b_.runner.Run<absl::Status>(
                  [&] { return b_.storage->events.Append(b_.SystemContext(), event); }),
              IsOk());
  Follow();
  EXPECT_EQ(changed_catalogues_, std::vector<base::Uuid>{base::Uuid()});
  EXPECT_EQ(endpoint_reads_, 1);
}

TEST_F(RevocationFollowerTest, TellsOfCataloguesThatOthersChanged) {
  ASSERT_THAT(TakePosition(), IsOk());
  for (const std::string_view type :
       {event_types::kEventTypeCreated, event_types::kEventTypeUpdated,
        event_types::kEventTypeDeleted}) {
    changed_catalogues_.clear();
    const storage::Event event =
        storage::MakeEvent(b_.SystemContext(), b_.clock.Now(), std::string(type), {});
    ASSERT_THAT(b_.runner.Run<absl::Status>(
                    [&] { return b_.storage->events.Append(b_.SystemContext(), event); }),
                IsOk());
    Follow();
    EXPECT_EQ(changed_catalogues_, std::vector<base::Uuid>{base::kDefaultTenantId}) << type;
  }
}

TEST_F(RevocationFollowerTest, ForgetsASessionThatAnotherInstanceEnded) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller ended = b_.LogIn("viewer");
  const Caller other = b_.LogIn("viewer");
  ASSERT_TRUE(Works(ended));
  ASSERT_TRUE(Works(other));
  RevokeElsewhere(ended);
  ASSERT_TRUE(Works(ended)) << "nobody has told this instance yet";
  Follow();
  EXPECT_FALSE(Works(ended));
  const uint64_t before = b_.statements();
  EXPECT_TRUE(Works(other));
  EXPECT_EQ(b_.statements(), before) << "what is not concerned stays cached";
}

TEST_F(RevocationFollowerTest, ForgetsAnApiKeyThatAnotherInstanceRevoked) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller key = b_.MakeApiKey({"users.read"});
  ASSERT_TRUE(Works(key));
  ASSERT_THAT(b_.runner.Run<absl::Status>([&] {
    return b_.storage->api_keys.Revoke(b_.SystemContext(), base::kDefaultTenantId, key.id,
                                       b_.clock.Now(),
                                       With(event_types::kApiKeyRevoked, "api_key", key.id));
  }),
              IsOk());
  ASSERT_TRUE(Works(key));
  Follow();
  EXPECT_FALSE(Works(key));
}

TEST_F(RevocationFollowerTest, LearnsTheEndOfASecretThatAnotherInstanceReplaced) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller key = b_.MakeApiKey({"users.read"});
  ASSERT_TRUE(Works(key));
  const storage::ApiKey rotated{.tenant_id = base::kDefaultTenantId,
                                .id = key.id,
                                .key_prefix = "gh_key_another",
                                .rotate_time = b_.clock.Now(),
                                .former_expire_time = b_.clock.Now()};
  ASSERT_THAT(b_.runner.Run<absl::Status>([&] {
    return b_.storage->api_keys.Rotate(b_.SystemContext(), rotated, std::string(32, 'h'),
                                       std::nullopt,
                                       With(event_types::kApiKeyRotated, "api_key", key.id));
  }),
              IsOk());
  ASSERT_TRUE(Works(key));
  Follow();
  EXPECT_FALSE(Works(key));
}

TEST_F(RevocationFollowerTest, AsksAgainAboutAUserThatAnotherInstanceChanged) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller user = b_.LogIn("viewer");
  ASSERT_TRUE(Works(user));
  using Revoked = absl::StatusOr<std::optional<storage::SessionStore::Revoked>>;
  const Revoked revoked = b_.runner.Run<Revoked>([&] {
    return b_.storage->sessions.RevokeByUser(
        b_.SystemContext(), base::kDefaultTenantId, user.id, std::nullopt, "REVOKED",
        b_.clock.Now(), With(event_types::kUserSessionsRevoked, "user", user.id));
  });
  ASSERT_THAT(revoked, IsOk());
  ASSERT_TRUE(Works(user));
  Follow();
  EXPECT_FALSE(Works(user));
}

TEST_F(RevocationFollowerTest, BeginsAtTheHeadAndReadsNothingTwice) {
  const Caller user = b_.LogIn("viewer");
  ASSERT_TRUE(Works(user));
  const auto tell = [&] {
    ASSERT_THAT(b_.runner.Run<absl::Status>([&] {
      return b_.storage->events.Append(
          b_.SystemContext(), With(event_types::kUserUpdated, "user", user.id).events.first());
    }),
                IsOk());
  };
  tell();
  ASSERT_THAT(b_.runner.Run<absl::StatusOr<storage::SequencerPass>>(
                  [&] { return b_.storage->sequencer.RunPass(b_.SystemContext(), 1000); }),
              IsOk());
  ASSERT_THAT(TakePosition(), IsOk());
  const auto run_once = [&] {
    return b_.runner.Run<absl::Status>([&] { return follower_.RunOnce(b_.SystemContext()); });
  };
  ASSERT_THAT(run_once(), IsOk());
  EXPECT_NE(b_.auth.authenticator.FindCached(user.credential), nullptr);
  tell();
  Follow();
  EXPECT_EQ(b_.auth.authenticator.FindCached(user.credential), nullptr);
  ASSERT_TRUE(Works(user));
  ASSERT_THAT(run_once(), IsOk());
  EXPECT_NE(b_.auth.authenticator.FindCached(user.credential), nullptr);
}

TEST_F(RevocationFollowerTest, ReadsTheHeadsAndOnceWhatIsNew) {
  ASSERT_THAT(TakePosition(), IsOk());
  RevokeElsewhere(b_.LogIn("viewer"));
  const uint64_t before = b_.statements();
  Follow();
  EXPECT_EQ(b_.statements() - before, 2u);
}

TEST_F(RevocationFollowerTest, ForgetsAllWhenTheLogHasLostItsEnd) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller user = b_.LogIn("viewer");
  ASSERT_TRUE(Works(user));
  RevokeElsewhere(b_.LogIn("viewer"));
  Follow();
  ASSERT_NE(b_.auth.authenticator.FindCached(user.credential), nullptr);
  // As after a failover to a standby that was behind.
  ExecuteSql(b_.dsn,
             "WITH head AS (UPDATE gatehouse.event_log_head SET size = size - 1 RETURNING size) "
             "DELETE FROM gatehouse.event_order o USING head WHERE o.index > head.size");
  ASSERT_THAT(Poll(), IsOk());
  EXPECT_EQ(b_.auth.authenticator.FindCached(user.credential), nullptr);
  // What takes the place of the lost event is not missed.
  ASSERT_TRUE(Works(user));
  RevokeElsewhere(user);
  Follow();
  EXPECT_FALSE(Works(user));
}

// What is known is two polls old at most, and the sequencer's own way takes milliseconds.
static_assert(4 * service::RevocationFollower::kPoll <=
              auth::Authenticator::Options().max_revocation_lag);

TEST_F(RevocationFollowerTest, KnowsNoMoreThanWhatHasItsPlaceInTheLog) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller ended = b_.LogIn("viewer");
  ASSERT_THAT(Poll(), IsOk());
  const base::SteadyTime before = std::chrono::steady_clock::now();
  RevokeElsewhere(ended);
  // Each poll vouches for the moment of the one before.
  ASSERT_THAT(Poll(), IsOk());
  const base::SteadyTime after = std::chrono::steady_clock::now();
  // The sequencer stands still: the revocation has no place, however often one asks.
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(Poll(), IsOk());
    EXPECT_LT(b_.auth.authenticator.revocations_known_until(), before);
  }
  Order();
  ASSERT_THAT(Poll(), IsOk());
  EXPECT_FALSE(Works(ended));
  ASSERT_THAT(Poll(), IsOk());
  EXPECT_GT(b_.auth.authenticator.revocations_known_until(), after);
}

TEST_F(RevocationFollowerTest, OnePollFindsWhatNobodyTold) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller ended = b_.LogIn("viewer");
  ASSERT_TRUE(Works(ended));
  RevokeElsewhere(ended);
  Order();
  ASSERT_TRUE(Works(ended)) << "nobody has told this instance";
  // As if the time of the poll had come.
  ASSERT_THAT(Turn(std::chrono::steady_clock::now()), IsOk());
  EXPECT_FALSE(Works(ended));
}

TEST_F(RevocationFollowerTest, ANotificationIsNotLeftToThePoll) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller ended = b_.LogIn("viewer");
  ASSERT_TRUE(Works(ended));
  RevokeElsewhere(ended);
  Order();
  b_.storage->feed.Poke();
  ASSERT_THAT(Turn(base::SteadyTime::max()), IsOk());
  EXPECT_FALSE(Works(ended));
}

TEST_F(RevocationFollowerTest, PollsThoughFollowingANotificationTookUntilThen) {
  ASSERT_THAT(TakePosition(), IsOk());
  const base::SteadyTime before = std::chrono::steady_clock::now();
  ASSERT_THAT(Poll(), IsOk());
  ASSERT_LT(b_.auth.authenticator.revocations_known_until(), before);
  const auto blocker = storage::postgres::admin::Connection::Open(b_.dsn);
  ASSERT_THAT(blocker, IsOk());
  ASSERT_THAT((*blocker)->Execute("BEGIN; LOCK TABLE gatehouse.event_log_head"), IsOk());
  b_.storage->feed.Poke();
  const base::SteadyTime poll = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  std::future<absl::Status> turn =
      b_.runner.Start<absl::Status>([&] { return follower_.RunTurn(poll, {}); });
  while (std::chrono::steady_clock::now() < poll) std::this_thread::yield();
  ASSERT_THAT((*blocker)->Execute("ROLLBACK"), IsOk());
  EXPECT_THAT(turn.get(), IsOk());
  EXPECT_GE(b_.auth.authenticator.revocations_known_until(), before);
}

TEST_F(RevocationFollowerTest, RunsOnOverLostConnectionsUntilItIsStopped) {
  ASSERT_THAT(TakePosition(), IsOk());
  const Caller other = b_.LogIn("viewer");
  ASSERT_TRUE(Works(other));
  follower_.Start();
  for (int round = 0; round < 2; ++round) {
    const Caller ended = b_.LogIn("viewer");
    ASSERT_TRUE(Works(ended));
    RevokeElsewhere(ended);
    ExecuteSql(b_.dsn,
               "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
               "current_database() AND application_name = 'gatehouse' AND pid <> "
               "pg_backend_pid()");
    Order();
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    // Asked without a statement, as those would meet the lost connections themselves. The
    // other tells that it was not for want of knowledge.
    const auto followed = [&] {
      return b_.auth.authenticator.FindCached(ended.credential) == nullptr &&
             b_.auth.authenticator.FindCached(other.credential) != nullptr;
    };
    while (!followed() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    EXPECT_TRUE(followed()) << "round " << round;
  }
  // It still runs: it vouches for what is later than all this.
  const base::SteadyTime now = std::chrono::steady_clock::now();
  const auto vouches = [&] { return b_.auth.authenticator.revocations_known_until() > now; };
  while (!vouches() && std::chrono::steady_clock::now() < now + std::chrono::seconds(60)) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(vouches());
  follower_.Stop(std::chrono::milliseconds(0));
}

}  // namespace
}  // namespace gatehouse::tests
