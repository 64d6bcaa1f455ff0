// What the server says of itself, and how it finds what is not well.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/config/shown_setting.h"
#include "service/event_log/sequencer_worker.h"
#include "storage/event_log/sequencer.h"
#include "tests/integration/admin/admin_fixture.h"

namespace gatehouse::tests {
namespace {

class ServerInfoTest : public AdminFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    AdminFixture::Configure(options);
    options.config.database.dsn = "postgresql://gatehouse:hunter2@db.internal/gatehouse";
    options.config.origins["database.dsn"] = service::config::Origin::kEnvironment;
    options.config.origins["grpc.loops"] = service::config::Origin::kFile;
    options.config.origins["log.level"] = service::config::Origin::kCommandLine;
  }

  // What is wrong with one part; empty if it is well.
  std::string Problem(v1::ServerPart part) {
    std::string problem = "not there";
    bool all_well = true;
    const v1::GetServerHealthResponse health = Health();
    EXPECT_EQ(health.parts_size(), 6);
    for (const v1::PartHealth& one : health.parts()) {
      EXPECT_EQ(one.well(), one.problem().empty());
      all_well = all_well && one.well();
      if (one.part() == part) problem = one.problem();
    }
    EXPECT_EQ(health.well(), all_well);
    return problem;
  }

  void CreatePartitions() {
    const auto created = backend().runner.Run<absl::StatusOr<int>>([&] {
      return backend().storage->partitions.CreateAhead(backend().SystemContext(), clock().Now(), 2);
    });
    ASSERT_TRUE(created.ok()) << created.status();
  }
};

TEST_F(ServerInfoTest, TellsWhatItIsAndMasksSecrets) {
  const auto outcome = Call<v1::GetServerInfoResponse>(operator_, v1::GetServerInfoRequest());
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  const v1::GetServerInfoResponse& info = outcome.response;
  EXPECT_FALSE(info.version().empty());
  EXPECT_FALSE(info.build().empty());
  EXPECT_EQ(info.instance_id(), backend().storage->instance);
  EXPECT_EQ(
      info.start_time().seconds(),
      std::chrono::duration_cast<std::chrono::seconds>(clock().Now().time_since_epoch()).count());
  EXPECT_EQ(info.loops(), 1);
  EXPECT_GT(info.schema_version(), 0);
  EXPECT_EQ(info.schema_version(), info.newest_schema_version());
  EXPECT_EQ(info.postgres_version().substr(0, 2), "15");

  EXPECT_EQ(info.DebugString().find("hunter2"), std::string::npos);
  EXPECT_EQ(info.DebugString().find("db.internal"), std::string::npos);
  int seen = 0;
  for (const v1::ServerSetting& setting : info.settings()) {
    if (setting.name() == "database.dsn") {
      ++seen;
      EXPECT_EQ(setting.value(), "********");
      EXPECT_TRUE(setting.secret());
      EXPECT_EQ(setting.source(), v1::SETTING_SOURCE_ENVIRONMENT);
    } else if (setting.name() == "database.direct_dsn") {
      ++seen;
      EXPECT_EQ(setting.value(), "") << "a secret that is not set is no secret";
      EXPECT_EQ(setting.source(), v1::SETTING_SOURCE_DEFAULT);
    } else if (setting.name() == "grpc.loops") {
      ++seen;
      EXPECT_EQ(setting.value(), "0");
      EXPECT_EQ(setting.source(), v1::SETTING_SOURCE_FILE);
    } else if (setting.name() == "log.level") {
      ++seen;
      EXPECT_EQ(setting.source(), v1::SETTING_SOURCE_COMMAND_LINE);
    }
  }
  EXPECT_EQ(seen, 4);
}

TEST_F(ServerInfoTest, IsOfTheDefaultTenantAlone) {
  const Caller foreign = backend().MakeApiKey(
      {"admin.read", "admin.write"}, *base::Uuid::Parse("00000000-0000-7000-8000-000000000002"));
  const auto refused = [&]<typename Response>(const auto& request, Response) {
    EXPECT_EQ(Call<Response>(foreign, request).reason(), "PERMISSION_DENIED");
  };
  refused(v1::GetServerInfoRequest(), v1::GetServerInfoResponse());
  refused(v1::GetServerHealthRequest(), v1::GetServerHealthResponse());
  refused(v1::ListSigningKeysRequest(), v1::ListSigningKeysResponse());
  refused(v1::RotateSigningKeyRequest(), v1::RotateSigningKeyResponse());
  refused(v1::GetCacheStatsRequest(), v1::GetCacheStatsResponse());
  refused(v1::InvalidateCacheRequest(), v1::InvalidateCacheResponse());
}

TEST_F(ServerInfoTest, AskingIsOneStatement) {
  ASSERT_TRUE(Call<v1::GetServerInfoResponse>(operator_, v1::GetServerInfoRequest()).ok());
  const uint64_t before = backend().statements();
  Health();
  EXPECT_EQ(backend().statements() - before, 1u);
}

TEST_F(ServerInfoTest, IsWellWhenEveryPartIs) {
  EXPECT_EQ(Problem(v1::SERVER_PART_PARTITIONS),
            "missing: event_20260101, event_20260102, webhook_attempt_20260101, "
            "webhook_attempt_20260102");
  CreatePartitions();
  const v1::GetServerHealthResponse health = Health();
  EXPECT_TRUE(health.well()) << health.DebugString();
  EXPECT_EQ(health.instance_id(), backend().storage->instance);
  clock().Advance(std::chrono::hours(48));
  EXPECT_NE(Problem(v1::SERVER_PART_PARTITIONS), "") << "tomorrow's are missing";
}

TEST_F(ServerInfoTest, FindsALogThatStandsStill) {
  EXPECT_EQ(Problem(v1::SERVER_PART_SEQUENCER), "");
  Ask("UPDATE gatehouse.sequencer SET halted = true RETURNING 1");
  EXPECT_NE(Problem(v1::SERVER_PART_SEQUENCER).find("LOG_ROLLED_BACK"), std::string::npos);
}

TEST_F(ServerInfoTest, FindsASequencerThatDoesNotRun) {
  const base::SteadyTime now = std::chrono::steady_clock::now();
  service::SequencerStats stats{.last_pass = now - std::chrono::seconds(4)};
  EXPECT_EQ(service::ProblemOf(stats, now), "");
  stats.last_pass = now - std::chrono::seconds(7);
  EXPECT_EQ(service::ProblemOf(stats, now), "no pass has succeeded for 7 s");
  stats.halted = true;
  EXPECT_NE(service::ProblemOf(stats, now).find("LOG_ROLLED_BACK"), std::string::npos);
}

TEST_F(ServerInfoTest, FindsAKeyWithoutSuccessor) {
  EXPECT_EQ(Problem(v1::SERVER_PART_SIGNING_KEYS), "");
  clock().Advance(std::chrono::hours(24 * 30));
  EXPECT_NE(Problem(v1::SERVER_PART_SIGNING_KEYS), "");
}

TEST_F(ServerInfoTest, FindsARevocationFeedThatIsSilent) {
  EXPECT_EQ(Problem(v1::SERVER_PART_REVOCATIONS), "");
  // Longer ago than this test's server allows.
  backend().auth.authenticator.RevocationsKnownUntil(std::chrono::steady_clock::now() -
                                                     std::chrono::hours(2));
  EXPECT_NE(Problem(v1::SERVER_PART_REVOCATIONS), "");
}

TEST_F(ServerInfoTest, FindsEndpointsThatNobodyDeliversTo) {
  v1::CreateEndpointRequest request;
  request.mutable_endpoint()->set_url("https://example.com/hook");
  request.mutable_endpoint()->add_event_types("*");
  const auto created = Call<v1::CreateEndpointResponse>(admin(), request);
  ASSERT_TRUE(created.ok()) << created.message;
  const auto pass = backend().runner.Run<absl::StatusOr<storage::SequencerPass>>(
      [&] { return backend().storage->sequencer.RunPass(backend().SystemContext(), 1000); });
  ASSERT_TRUE(pass.ok()) << pass.status();
  Ask("UPDATE gatehouse.endpoint_delivery SET behind = true, position = 0 RETURNING 1");
  EXPECT_EQ(Problem(v1::SERVER_PART_DELIVERY), "") << "its event is new";
  clock().Advance(std::chrono::minutes(2));
  EXPECT_EQ(Problem(v1::SERVER_PART_DELIVERY),
            "endpoints with events that no instance is at work on: 1");
  Ask("UPDATE gatehouse.endpoint_delivery SET lease_until = '2026-01-01T00:03:00Z' RETURNING 1");
  EXPECT_EQ(Problem(v1::SERVER_PART_DELIVERY), "");
  // Whosever it is, unless its tenant stands still.
  const std::string other = "00000000-0000-7000-8000-000000000002";
  for (const std::string table : {"endpoint", "event_order", "endpoint_delivery"}) {
    Ask("INSERT INTO gatehouse." + table + " SELECT (jsonb_populate_record(t, '{\"tenant_id\": \"" +
        other + "\", \"lease_until\": null}')).* FROM gatehouse." + table + " t RETURNING 1");
  }
  EXPECT_EQ(Problem(v1::SERVER_PART_DELIVERY),
            "endpoints with events that no instance is at work on: 1");
  Ask("INSERT INTO gatehouse.tenant (tenant_id, name, create_time, state) VALUES ('" + other +
      "', 'acme', now(), 2) RETURNING 1");
  EXPECT_EQ(Problem(v1::SERVER_PART_DELIVERY), "");
}

TEST_F(ServerInfoTest, FindsADatabaseThatIsGone) {
  EXPECT_EQ(Problem(v1::SERVER_PART_DATABASE), "");
  Ask("UPDATE gatehouse.schema_migration SET state = 'applying' WHERE version = "
      "(SELECT max(version) FROM gatehouse.schema_migration) RETURNING 1");
  EXPECT_NE(Problem(v1::SERVER_PART_DATABASE).find("this server needs"), std::string::npos);
  // The operator's key is known to this instance.
  backend().storage->database->Close();
  EXPECT_NE(Problem(v1::SERVER_PART_DATABASE), "");
  EXPECT_NE(Problem(v1::SERVER_PART_PARTITIONS), "");
  EXPECT_EQ(Problem(v1::SERVER_PART_SIGNING_KEYS), "");
}

}  // namespace
}  // namespace gatehouse::tests
