// A tenant that moves to another database: what stops the move, and what nothing stops.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/signing_key/key_rotation.h"
#include "auth/signing_key/keyring.h"
#include "base/reason.h"
#include "base/system_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/main/area/storage_area.h"
#include "service/main/tools/move/move_sides.h"
#include "service/main/tools/move/moved_tenant.h"
#include "service/main/tools/move/tenant_mover.h"
#include "service/main/tools/report.h"
#include "storage/change.h"
#include "storage/event.h"
#include "storage/sealing_keys.h"
#include "storage/user/user.h"
#include "tests/integration/tenants/tenant_fixture.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/patient_database.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/server/test_backend.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using service::DeleteMovedTenant;
using service::MoveSide;
using service::OpenMoveSide;
using service::OpenSide;
using service::Report;
using service::TenantMover;

constexpr char kPepper[] = "the pepper of both, of 32 bytes.";
constexpr char kTargetKey[] = "the key of the target, 32 bytes.";

class MoveTenantTest : public TenantFixture {
 protected:
  void SetUp() override {
    TenantFixture::SetUp();
    acme_ = MakeCustomer("acme");
    ASSERT_TRUE(AddUser(acme_.admin, "ada").ok());
    v1::CreateEndpointRequest endpoint;
    endpoint.mutable_endpoint()->set_url("https://receiver.example/hook");
    endpoint.mutable_endpoint()->add_event_types("user.*");
    const auto created = Call<v1::CreateEndpointResponse>(acme_.admin, endpoint);
    ASSERT_TRUE(created.ok()) << created.message;
    here_ = SideOf(backend().dsn, TestBackend::kMasterKey);
    there_ = SideOf(CreateMigratedDatabase(), kTargetKey);
  }

  static MoveSide SideOf(const std::string& dsn, const std::string& master_key) {
    MoveSide side;
    side.config.database.dsn = dsn;
    side.secrets = {.master_key = master_key, .token_pepper = kPepper};
    return side;
  }

  // Moves the tenant from one side to the other, until `until` if that is a moment.
  absl::Status Move(const MoveSide& from, const MoveSide& to, const std::string& until = "",
                    const std::string& name = "acme") {
    return With(from, to, until, name, [](TenantMover& mover) { return mover.Run(); });
  }
  absl::Status Move(const std::string& until = "") { return Move(here_, there_, until); }

  absl::Status Cancel(const std::string& until = "") {
    return With(here_, there_, until, "acme", [](TenantMover& mover) { return mover.Cancel(); });
  }

  absl::Status Delete(const MoveSide& side, std::chrono::seconds stay = {}) {
    std::ostringstream out;
    Report report(out, Report::Format::kJson);
    absl::StatusOr<OpenSide> open = OpenMoveSide(side, "the source");
    return open.ok() ? DeleteMovedTenant(*open, "acme", stay, report) : open.status();
  }

  std::string At(const MoveSide& side, const std::string& sql) {
    return AskSql(side.config.database.dsn, sql);
  }

  // "1 3": of the source and of the target; nothing where there is none.
  std::string States() {
    const std::string state = "SELECT state FROM gatehouse.tenant WHERE name = 'acme'";
    return At(here_, state) + " " + At(there_, state);
  }

  // What a server of a side does that knows nothing of the move: it has been away for a while.
  absl::Status ChangeLate(TestBackend& backend) {
    const base::Uuid tenant = *base::Uuid::Parse(acme_.id);
    const base::CallContext ctx =
        base::SystemContext(backend.runner.loop(), "late", std::chrono::hours(1), {}, tenant);
    const base::Time now = backend.clock.Now();
    const base::Uuid id = base::Uuid::MakeV7(now);
    const storage::User user{.tenant_id = tenant,
                             .id = id,
                             .username = id.ToString(),
                             .username_key = id.ToString(),
                             .role = "viewer",
                             .create_time = now,
                             .update_time = now};
    return backend.runner.Run<absl::Status>([&] {
      return backend.storage->users.Create(
          ctx, user, std::nullopt, {.events = {storage::MakeEvent(ctx, now, "user.created", {})}});
    });
  }

  Customer acme_;
  MoveSide here_;
  MoveSide there_;

 private:
  template <typename Do>
  absl::Status With(const MoveSide& from, const MoveSide& to, const std::string& until,
                    const std::string& name, Do work) {
    std::ostringstream out;
    Report report(out, Report::Format::kJson);
    absl::StatusOr<OpenSide> source = OpenMoveSide(from, "the source");
    if (!source.ok()) return source.status();
    absl::StatusOr<OpenSide> target = OpenMoveSide(to, "the target");
    if (!target.ok()) return target.status();
    TenantMover mover(*std::move(source), *std::move(target),
                      {.tenant = name,
                       .destination = "cell-2",
                       .pause = std::chrono::milliseconds(0),
                       .max_drain = std::chrono::seconds(0),
                       .at =
                           [until](std::string_view moment) {
                             return moment == until ? absl::AbortedError("stopped there")
                                                    : absl::OkStatus();
                           }},
                      backend().runner.loop(), backend().clock, report);
    return work(mover);
  }
};

// Each run is stopped a little later than the one before, and goes on where that was.
TEST_F(MoveTenantTest, GoesOnFromWhereverItWasStopped) {
  const struct {
    const char* moment;
    const char* states;
  } kMoments[] = {{"begun", "1 "},   {"frozen", "2 "},    {"drained", "2 "},   {"fenced", "2 "},
                  {"ordered", "2 "}, {"copied", "2 2"},   {"recorded", "2 2"}, {"told", "3 2"},
                  {"moved", "3 2"},  {"activated", "3 1"}};
  for (const auto& [moment, states] : kMoments) {
    EXPECT_THAT(Move(moment), HasCode(absl::StatusCode::kAborted)) << moment;
    EXPECT_EQ(States(), states) << moment;
  }
  EXPECT_THAT(Move(), IsOk());
  EXPECT_EQ(States(), "3 1");
  EXPECT_EQ(At(there_,
               "SELECT count(*) FROM gatehouse.user_account WHERE tenant_id = '" + acme_.id + "'"),
            "2");
  EXPECT_EQ(At(here_, "SELECT moved_to FROM gatehouse.tenant WHERE name = 'acme'"), "cell-2");
  // Again, and nothing happens.
  const std::string version = "SELECT version FROM gatehouse.tenant WHERE name = 'acme'";
  const std::string before = At(there_, version);
  EXPECT_THAT(Move(), IsOk());
  EXPECT_EQ(At(there_, version), before);
}

TEST_F(MoveTenantTest, AServerThatWasAwayChangesNothingAnyMore) {
  EXPECT_THAT(ChangeLate(backend()), IsOk());
  ASSERT_THAT(Move("drained"), HasCode(absl::StatusCode::kAborted));
  // Not fenced yet: what it does is copied.
  EXPECT_THAT(ChangeLate(backend()), IsOk());
  for (const char* moment : {"fenced", "copied", "moved", ""}) {
    const absl::Status moved = Move(moment);
    EXPECT_EQ(moved.ok(), std::string(moment).empty()) << moved;
    EXPECT_THAT(ChangeLate(backend()),
                FailsWith(absl::StatusCode::kUnavailable, base::Reason::kTenantMoved))
        << moment;
  }
  EXPECT_EQ(At(there_,
               "SELECT count(*) FROM gatehouse.user_account WHERE tenant_id = '" + acme_.id + "'"),
            "4");
  // Others go on.
  EXPECT_TRUE(AddUser(admin(), "bob").ok());
}

TEST_F(MoveTenantTest, TheLogGoesOnWithoutAGap) {
  ASSERT_THAT(Move(), IsOk());
  const std::string of_acme = " WHERE tenant_id = '" + acme_.id + "'";
  const std::string leaves =
      "SELECT string_agg(encode(leaf_hash, 'hex'), ',' ORDER BY index) FROM "
      "gatehouse.event_order" +
      of_acme;
  EXPECT_EQ(At(there_, leaves), At(here_, leaves));
  // All that was at the source has its place, and what made it active there comes next.
  EXPECT_EQ(At(there_, "SELECT count(*) - (SELECT size FROM gatehouse.event_log_head" + of_acme +
                           ") FROM gatehouse.event" + of_acme),
            "1");
  EXPECT_EQ(At(there_, "SELECT details ->> 'state' FROM gatehouse.event" + of_acme +
                           " ORDER BY xid DESC LIMIT 1"),
            "ACTIVE");
  // The source's log of the tenant ends with what was copied; the operator's goes on.
  EXPECT_EQ(At(here_, "SELECT count(*) - (SELECT size FROM gatehouse.event_log_head" + of_acme +
                          ") FROM gatehouse.event" + of_acme),
            "0");
  EXPECT_EQ(At(here_,
               "SELECT details ->> 'state' FROM gatehouse.event WHERE type = "
               "'gatehouse.tenant_updated' AND tenant_id <> '" +
                   acme_.id + "' ORDER BY xid DESC LIMIT 1"),
            "MOVED");
  // Servers of the target read the keys of a tenant that is new to them.
  EXPECT_EQ(At(there_,
               "SELECT count(*) FROM gatehouse.event WHERE type = "
               "'gatehouse.tenant_created' AND tenant_id <> '" +
                   acme_.id + "'"),
            "1");
}

TEST_F(MoveTenantTest, KeysOpenAtTheTarget) {
  ASSERT_THAT(Move(), IsOk());
  const auto opened =
      service::StorageArea::Open(PatientConfig(there_.config.database.dsn),
                                 storage::SealingKeys(kTargetKey), {&backend().runner.loop()});
  ASSERT_THAT(opened, IsOk());
  auth::Keyring keyring(storage::SealingKeys(kTargetKey), {});
  auth::KeyRotation rotation((*opened)->signing_keys, keyring, backend().auth.tenants,
                             backend().clock);
  EXPECT_THAT(
      backend().runner.Run<absl::Status>([&] { return rotation.Load(backend().SystemContext()); }),
      IsOk());
  EXPECT_NE(keyring.Current(*base::Uuid::Parse(acme_.id), backend().clock.Now()), nullptr);
  (*opened)->Close();
}

TEST_F(MoveTenantTest, WhatWasFrozenBeforeIsFrozenThere) {
  ASSERT_TRUE(SetState(acme_.id, v1::TENANT_STATE_FROZEN).ok());
  ASSERT_THAT(Move(), IsOk());
  EXPECT_EQ(States(), "3 2");
}

TEST_F(MoveTenantTest, WebhooksUnderWayAreWaitedFor) {
  const auto lease = [&](const std::string& until) {
    ExecuteSql(backend().dsn,
               "UPDATE gatehouse.endpoint_delivery SET owner = endpoint_id, lease_until = now() + "
               "interval '" +
                   until + "'");
  };
  lease("1 hour");
  EXPECT_THAT(Move(), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(States(), "2 ");
  // Of a server that died.
  lease("-1 second");
  EXPECT_THAT(Move(), IsOk());
  EXPECT_EQ(States(), "3 1");
}

TEST_F(MoveTenantTest, IsGivenUpAtEveryMomentBeforeItHasMoved) {
  for (const char* moment :
       {"begun", "frozen", "drained", "fenced", "ordered", "copied", "recorded", "told"}) {
    ASSERT_THAT(Move(moment), HasCode(absl::StatusCode::kAborted)) << moment;
    EXPECT_THAT(Cancel(), IsOk()) << moment;
    EXPECT_EQ(States(), "1 ") << moment;
    EXPECT_THAT(ChangeLate(backend()), IsOk()) << moment;
  }
  EXPECT_THAT(Cancel(), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(At(there_, "SELECT count(*) FROM gatehouse.event WHERE tenant_id = '" + acme_.id + "'"),
            "0");
  ASSERT_THAT(Move("moved"), HasCode(absl::StatusCode::kAborted));
  EXPECT_THAT(Cancel(), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Move(), IsOk());
}

// Whoever goes on instead of giving up has a whole copy, with what changed in between.
TEST_F(MoveTenantTest, GoesOnAfterHalfACancel) {
  for (const char* moment : {"uncopied", "released"}) {
    ASSERT_THAT(Move("recorded"), HasCode(absl::StatusCode::kAborted));
    EXPECT_THAT(Cancel(moment), HasCode(absl::StatusCode::kAborted));
    EXPECT_EQ(ChangeLate(backend()).ok(), std::string(moment) == "released");
  }
  ASSERT_THAT(Move(), IsOk());
  EXPECT_EQ(States(), "3 1");
  EXPECT_EQ(At(there_,
               "SELECT count(*) FROM gatehouse.user_account WHERE tenant_id = '" + acme_.id + "'"),
            "3");
}

TEST_F(MoveTenantTest, GoesAndComesBack) {
  ASSERT_THAT(Move(), IsOk());
  // What is left here is in the way.
  EXPECT_THAT(Move(there_, here_),
              FailsWith(absl::StatusCode::kAlreadyExists, base::Reason::kTenantTaken));
  EXPECT_THAT(Delete(here_, std::chrono::hours(24)),
              HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Delete(there_), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Delete(here_), IsOk());
  EXPECT_THAT(Delete(here_), IsOk());
  // Nobody activates what is elsewhere.
  EXPECT_EQ(SetState(acme_.id, v1::TENANT_STATE_ACTIVE).reason(), "TENANT_MOVED");
  const std::string version = "SELECT version FROM gatehouse.tenant WHERE name = 'acme'";
  const int known = std::stoi(At(here_, version));

  ASSERT_THAT(Move(there_, here_), IsOk());
  EXPECT_EQ(States(), "1 3");
  // Servers that know it as it was take the news.
  EXPECT_GT(std::stoi(At(here_, version)), known);
  EXPECT_THAT(ChangeLate(backend()), IsOk());
  EXPECT_EQ(
      At(here_, "SELECT count(*) FROM gatehouse.user_account WHERE tenant_id = '" + acme_.id + "'"),
      "3");
  // And away again.
  ASSERT_THAT(Delete(there_), IsOk());
  EXPECT_THAT(Move(), IsOk());
  EXPECT_EQ(States(), "3 1");
}

TEST_F(MoveTenantTest, RefusesWhatCannotBe) {
  EXPECT_THAT(Move(here_, there_, "", "nobody"),
              FailsWith(absl::StatusCode::kNotFound, base::Reason::kTenantNotFound));
  EXPECT_THAT(Move(here_, there_, "", "default"), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Move(here_, here_),
              FailsWith(absl::StatusCode::kFailedPrecondition, base::Reason::kDatabaseUnsuitable));
  EXPECT_THAT(Move(here_, SideOf(PostgresCluster::Shared().CreateDatabase(), kTargetKey)),
              FailsWith(absl::StatusCode::kFailedPrecondition, base::Reason::kSchemaMismatch));
  MoveSide other = there_;
  other.secrets.token_pepper = kTargetKey;
  EXPECT_THAT(Move(here_, other), HasCode(absl::StatusCode::kFailedPrecondition));
  other = here_;
  other.secrets.accepted_token_pepper = kTargetKey;
  EXPECT_THAT(Move(other, there_), HasCode(absl::StatusCode::kFailedPrecondition));
  other = there_;
  other.config.auth.audience = "others";
  EXPECT_THAT(Move(here_, other), HasCode(absl::StatusCode::kFailedPrecondition));
  other = here_;
  other.secrets.accepted_master_key = kTargetKey;
  EXPECT_THAT(Move(other, there_), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(States(), "1 ");
  EXPECT_EQ(At(here_, "SELECT count(*) FROM gatehouse.tenant_move"), "0");
}

TEST_F(MoveTenantTest, ATargetMayTakeThePeppersOfTheSourceAsItsSecond) {
  there_.secrets.token_pepper = kTargetKey;
  there_.secrets.accepted_token_pepper = kPepper;
  here_.secrets.accepted_token_pepper = kTargetKey;
  EXPECT_THAT(Move(), IsOk());
}

TEST_F(MoveTenantTest, RefusesATenantThatTheTargetHas) {
  ExecuteSql(there_.config.database.dsn,
             "INSERT INTO gatehouse.tenant (tenant_id, name, create_time) VALUES ('" + acme_.id +
                 "', 'another', now())");
  EXPECT_THAT(Move(), FailsWith(absl::StatusCode::kAlreadyExists, base::Reason::kTenantTaken));
  ExecuteSql(there_.config.database.dsn,
             "UPDATE gatehouse.tenant SET tenant_id = gen_random_uuid(), name = 'acme' WHERE name "
             "= 'another'");
  EXPECT_THAT(Move(), FailsWith(absl::StatusCode::kAlreadyExists, base::Reason::kTenantTaken));
  EXPECT_EQ(At(here_, "SELECT state FROM gatehouse.tenant WHERE name = 'acme'"), "1");
}

TEST_F(MoveTenantTest, GoesOnToTheSameTargetAlone) {
  ASSERT_THAT(Move("fenced"), HasCode(absl::StatusCode::kAborted));
  EXPECT_THAT(Move(here_, SideOf(CreateMigratedDatabase(), kTargetKey)),
              HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Move(), IsOk());
}

TEST_F(MoveTenantTest, ARoleThatIsNotTheOwnersIsRefused) {
  ExecuteSql(backend().dsn,
             "DROP ROLE IF EXISTS mover_in_vain; CREATE ROLE mover_in_vain LOGIN; "
             "GRANT USAGE ON SCHEMA gatehouse TO mover_in_vain; "
             "GRANT SELECT ON ALL TABLES IN SCHEMA gatehouse TO mover_in_vain");
  const std::string dsn = backend().dsn + " user=mover_in_vain";
  EXPECT_THAT(OpenMoveSide(SideOf(dsn, kTargetKey), "the source"),
              HasCode(absl::StatusCode::kFailedPrecondition));
  ExecuteSql(backend().dsn, "DROP OWNED BY mover_in_vain; DROP ROLE mover_in_vain");
}

}  // namespace
}  // namespace gatehouse::tests
