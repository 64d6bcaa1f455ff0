// What goes row by row.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/system_context.h"
#include "base/uuid.h"
#include "service/retention/retention_periods.h"
#include "service/retention/retention_sweeper.h"
#include "service/retention/retention_worker.h"
#include "tests/integration/retention/retention_fixture.h"

namespace gatehouse::tests {
namespace {

constexpr char kTenant[] = "00000000-0000-7000-8000-000000000001";
constexpr char kOther[] = "00000000-0000-7000-8000-000000000002";

class RowRetentionTest : public RetentionFixture {
 protected:
  void SetUp() override {
    RetentionFixture::SetUp();
    Ask("INSERT INTO gatehouse.tenant (tenant_id, name, create_time, update_time) VALUES ('" +
        std::string(kOther) + "', 'other', now(), now()) RETURNING 1");
  }

  static std::string At(int days_ago) {
    return "(date_trunc('day', now() AT TIME ZONE 'UTC') - interval '" + std::to_string(days_ago) +
           " days') AT TIME ZONE 'UTC'";
  }

  static std::string IdOf(int days_ago) {
    return "'" + base::Uuid::MakeV7(DaysAgo(days_ago)).ToString() + "'";
  }

  // Deleted, and to go at `purge`.
  void AddDeletedUser(const std::string& name, const std::string& purge,
                      const std::string& tenant = kTenant) {
    Ask("INSERT INTO gatehouse.user_account (tenant_id, user_id, username, username_key, "
        "first_name, last_name, bio, avatar_url, timezone, locale, metadata, role, state, epoch, "
        "create_time, update_time, version) VALUES ('" +
        tenant + "', gen_random_uuid(), '" + name + "', '" + name +
        "', '', '', '', '', '', '', '{}', 'viewer', 1, 1, " + At(40) + ", " + At(40) +
        ", 1) RETURNING 1");
    Ask("UPDATE gatehouse.user_account SET delete_time = " + At(40) + ", purge_time = " + purge +
        " WHERE username = '" + name + "' RETURNING 1");
  }

  void AddSession(const std::string& label, int began, const std::string& idle,
                  const std::string& expire, const std::string& revoke = "NULL",
                  const std::string& tenant = kTenant) {
    Ask("INSERT INTO gatehouse.session (tenant_id, session_id, user_id, generation, rotate_time, "
        "label, thread_id, context, ip_address, user_agent, amr, auth_time, create_time, "
        "update_time, last_used_time, idle_expire_time, expire_time, revoke_time, version) VALUES "
        "('" +
        tenant + "', " + IdOf(began) + ", " + IdOf(began) + ", 1, now(), '" + label +
        "', '', '{}', '', '', '{pwd}', now(), " + At(began) + ", now(), now(), " + idle + ", " +
        expire + ", " + revoke + ", 1) RETURNING 1");
  }

  void AddThread(const std::string& name, int updated, const std::string& tenant = kTenant) {
    Ask("WITH t AS (INSERT INTO gatehouse.thread VALUES ('" + tenant + "', " + IdOf(40) + ", '" +
        name + "', " + IdOf(40) + ", 2, 10, " + At(40) + ", " + At(updated) +
        ") RETURNING tenant_id, user_id, thread_uid), g AS (INSERT INTO gatehouse.thread_usage "
        "SELECT tenant_id, user_id, 10 FROM t ON CONFLICT (tenant_id, user_id) DO UPDATE SET "
        "content_bytes = thread_usage.content_bytes + 10) INSERT INTO gatehouse.thread_message "
        "SELECT tenant_id, thread_uid, i, gen_random_uuid(), 2, '1', 5, NULL, NULL, now() FROM t, "
        "generate_series(0, 1) AS i RETURNING 1");
  }

  std::string Labels() {
    return Ask("SELECT coalesce(string_agg(label, ' ' ORDER BY label), '') FROM gatehouse.session");
  }
};

TEST_F(RowRetentionTest, SessionsGoSoLongAfterTheirEnd) {
  AddSession("live", 50, At(-1), At(-30));
  AddSession("idle-long-ago", 49, At(31), At(-30));
  AddSession("idle-lately", 48, At(29), At(-30));
  AddSession("expired", 47, At(31), At(31));
  AddSession("revoked", 46, At(-1), At(-30), At(31));
  AddSession("revoked-lately", 45, At(-1), At(-30), At(29));
  AddSession("young", 1, At(31), At(31));
  AddSession("others", 44, At(31), At(31), "NULL", kOther);
  EXPECT_EQ(Run(Policy::kEndedSessions, 30, /*dry_run=*/true).rows, 4);
  EXPECT_EQ(Run(Policy::kEndedSessions, 30).rows, 4);
  EXPECT_EQ(Labels(), "idle-lately live revoked-lately young");
  EXPECT_EQ(Run(Policy::kEndedSessions, 30).rows, 0);
}

TEST_F(RowRetentionTest, ThreadsGoSoLongAfterTheirLastMessage) {
  AddThread("old", 31);
  AddThread("new", 29);
  AddThread("others", 31, kOther);
  EXPECT_EQ(Run(Policy::kMessages, 30, /*dry_run=*/true).rows, 4);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.thread"), "3");
  EXPECT_EQ(Run(Policy::kMessages, 30).rows, 4) << "messages";
  EXPECT_EQ(Ask("SELECT string_agg(thread_id, ' ') FROM gatehouse.thread"), "new");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.thread_message"), "2");
  EXPECT_EQ(Ask("SELECT string_agg(content_bytes::text, ' ' ORDER BY content_bytes) FROM "
                "gatehouse.thread_usage"),
            "0 0 10");
  EXPECT_FALSE(Run(Policy::kMessages, service::RetentionPeriods()).before.has_value());
}

TEST_F(RowRetentionTest, ATenantsOwnPeriodsComeBeforeThoseOfAll) {
  Ask("INSERT INTO gatehouse.tenant_retention (tenant_id, ended_sessions_days, messages_days, "
      "alerts_days, update_time, version) VALUES ('" +
      std::string(kOther) + "', 10, 0, 10, now(), 1) RETURNING 1");
  AddSession("ours", 50, At(15), At(15));
  AddSession("ours-old", 49, At(31), At(31));
  AddSession("theirs", 48, At(15), At(15), "NULL", kOther);
  AddSession("theirs-lately", 47, At(9), At(9), "NULL", kOther);
  EXPECT_EQ(Run(Policy::kEndedSessions, 30, /*dry_run=*/true).rows, 2);
  EXPECT_EQ(Run(Policy::kEndedSessions, 30).rows, 2);
  EXPECT_EQ(Labels(), "ours theirs-lately");

  // For ever, whatever holds for all; and the other way round.
  AddThread("ours", 31);
  AddThread("theirs", 400, kOther);
  EXPECT_EQ(Run(Policy::kMessages, 30).rows, 2) << "messages";
  EXPECT_EQ(Ask("SELECT thread_id FROM gatehouse.thread"), "theirs");
  Ask("UPDATE gatehouse.tenant_retention SET messages_days = 300 RETURNING 1");
  AddThread("ours", 900);
  EXPECT_EQ(Run(Policy::kMessages, service::RetentionPeriods()).rows, 2);
  EXPECT_EQ(Ask("SELECT thread_id FROM gatehouse.thread"), "ours");

  for (const std::string tenant : {kTenant, kOther}) {
    Ask("INSERT INTO gatehouse.alert VALUES ('" + tenant + "', " + IdOf(15) + ", 1, " + IdOf(15) +
        ", 3, 0, true, " + At(40) + ", " + At(40) + ", 1, '{}', NULL, '', '', " + At(15) +
        ", '', '', '', " + IdOf(15) + ", 1) RETURNING 1");
  }
  EXPECT_EQ(Run(Policy::kAlerts, 30).rows, 1);
  EXPECT_EQ(Ask("SELECT tenant_id FROM gatehouse.alert"), kTenant);
}

TEST_F(RowRetentionTest, AnswersTokensReplaysAndAlertsGoByTheirTime) {
  for (const std::string tenant : {kTenant, kOther}) {
    for (const int day : {31, 29}) {
      const std::string time = At(day);
      Ask("INSERT INTO gatehouse.request VALUES ('" + tenant + "', " + IdOf(day) + ", " +
          IdOf(day) + ", 'm', '', '', " + time + ") RETURNING 1");
      Ask("INSERT INTO gatehouse.one_time_token (tenant_id, user_id, purpose, token_hash, "
          "create_time, expire_time, role) VALUES ('" +
          tenant + "', " + IdOf(day) + ", 1, '', now(), " + time + ", 'viewer') RETURNING 1");
      Ask("INSERT INTO gatehouse.webhook_replay VALUES ('" + tenant + "', " + IdOf(day) + ", " +
          IdOf(day) + ", 1, 1, '{}', '{}', 1, 3, '', 0, 1, now(), 0, 0, now(), NULL, " + time +
          ", 1) RETURNING 1");
      Ask("INSERT INTO gatehouse.alert VALUES ('" + tenant + "', " + IdOf(day) + ", 1, " +
          IdOf(day) + ", 3, 0, true, " + At(40) + ", " + At(40) + ", 1, '{}', NULL, '', '', " +
          time + ", '', '', '', " + IdOf(day) + ", 1) RETURNING 1");
    }
  }
  // Neither is over.
  Ask("INSERT INTO gatehouse.webhook_replay SELECT tenant_id, gen_random_uuid(), endpoint_id, "
      "first_index, last_index, event_types, outcomes, max_per_second, 1, failure, hold, position, "
      "paced_until, 0, 0, create_time, NULL, NULL, 1 FROM gatehouse.webhook_replay LIMIT 1 "
      "RETURNING 1");
  Ask("INSERT INTO gatehouse.alert SELECT tenant_id, gen_random_uuid(), kind, endpoint_id, 1, "
      "level, "
      "announced, first_occurred_time, last_occurred_time, 1, details, NULL, '', '', "
      "resolved_time, '', '', '', event_id, 1 FROM gatehouse.alert LIMIT 1 RETURNING 1");
  const std::pair<Policy, std::string> tables[] = {{Policy::kRequests, "request"},
                                                   {Policy::kOneTimeTokens, "one_time_token"},
                                                   {Policy::kReplays, "webhook_replay"},
                                                   {Policy::kAlerts, "alert"}};
  for (const auto& [policy, table] : tables) {
    SCOPED_TRACE(table);
    const std::string before = Ask("SELECT count(*) FROM gatehouse." + table);
    EXPECT_EQ(Run(policy, 30, /*dry_run=*/true).rows, 2);
    EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse." + table), before);
    EXPECT_EQ(Run(policy, 30).rows, 2);
    EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse." + table),
              std::to_string(std::stoi(before) - 2));
    EXPECT_EQ(Run(policy, 30).rows, 0);
  }
}

TEST_F(RowRetentionTest, ADryRunCountsUpToALimit) {
  Ask("WITH made AS (INSERT INTO gatehouse.request SELECT '" + std::string(kTenant) +
      "', gen_random_uuid(), gen_random_uuid(), 'm', '', '', " + At(31) +
      " FROM generate_series(1, 10001) RETURNING 1) SELECT count(*) FROM made");
  const Sweep counted = Run(Policy::kRequests, 30, /*dry_run=*/true);
  EXPECT_EQ(counted.rows, 10'000);
  EXPECT_EQ(counted.count, Sweep::Count::kLeast);
  EXPECT_EQ(Run(Policy::kRequests, 30).rows, 10'001) << "in several slices";
}

TEST_F(RowRetentionTest, TheWorkerFollowsEachPolicyInItsTime) {
  service::RetentionPeriods periods;
  periods[Policy::kRequests] = std::chrono::days(30);
  periods[Policy::kEndedSessions] = std::chrono::days(30);
  service::RetentionWorker worker(runner_.loop(), service::RetentionDepsOf(*storage_, now_),
                                  periods);
  const auto turn = [&] {
    return runner_.Run<absl::Status>([&] {
      return worker.RunOnce(
          base::SystemContext(runner_.loop(), "retention", std::chrono::minutes(5)));
    });
  };
  const auto add = [&] {
    Ask("INSERT INTO gatehouse.request VALUES ('" + std::string(kTenant) +
        "', gen_random_uuid(), gen_random_uuid(), 'm', '', '', " + At(31) + ") RETURNING 1");
    Ask("DELETE FROM gatehouse.session RETURNING 1");
    AddSession("over", 50, At(31), At(31));
  };
  add();
  ASSERT_THAT(turn(), IsOk());
  EXPECT_EQ(worker.stats(Policy::kRequests).rows_dropped, 1);
  EXPECT_EQ(worker.stats(Policy::kEndedSessions).rows_dropped, 1);
  EXPECT_EQ(worker.stats(Policy::kRequests).last_run, now_.Now());
  EXPECT_EQ(worker.stats(Policy::kRequests).oldest_kept, now_.Now() - std::chrono::days(30));
  EXPECT_EQ(worker.stats(Policy::kAlerts).rows_dropped, 0) << "kept for ever";

  // What has to be walked through waits for an hour, the rest for minutes.
  add();
  now_.Advance(std::chrono::minutes(6));
  ASSERT_THAT(turn(), IsOk());
  EXPECT_EQ(worker.stats(Policy::kRequests).rows_dropped, 2);
  EXPECT_EQ(worker.stats(Policy::kEndedSessions).rows_dropped, 1);
  now_.Advance(std::chrono::minutes(60));
  ASSERT_THAT(turn(), IsOk());
  EXPECT_EQ(worker.stats(Policy::kEndedSessions).rows_dropped, 2);

  // A clock that was wrong, and is set right, keeps nothing waiting.
  add();
  now_.Advance(-std::chrono::minutes(70));
  ASSERT_THAT(turn(), IsOk());
  EXPECT_EQ(worker.stats(Policy::kRequests).rows_dropped, 3);
  EXPECT_EQ(worker.stats(Policy::kEndedSessions).rows_dropped, 3);
}

TEST_F(RowRetentionTest, DeletedUsersGoAtTheTimeThatEachWasGiven) {
  AddDeletedUser("over", At(1));
  AddDeletedUser("over-too", At(10), kOther);
  AddDeletedUser("not-yet", At(-1));
  EXPECT_EQ(Run(Policy::kDeletedUsers, 30, /*dry_run=*/true).rows, 2);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.user_account"), "3");
  const Sweep swept = Run(Policy::kDeletedUsers, 30);
  EXPECT_EQ(swept.rows, 2);
  EXPECT_FALSE(swept.unfinished);
  EXPECT_EQ(Ask("SELECT string_agg(username, ' ') FROM gatehouse.user_account"), "not-yet");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'user.purged'"), "2");
  EXPECT_EQ(Run(Policy::kDeletedUsers, 30).rows, 0);
}

TEST_F(RowRetentionTest, OneTenantThatFailsHoldsUpNoOther) {
  Writer(dsn_).Execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'");
  for (const std::string table : {"request", "thread"}) {
    Writer(dsn_).Execute("CREATE TRIGGER refuse BEFORE DELETE ON gatehouse." + table +
                         " FOR EACH ROW WHEN (OLD.tenant_id = '" + kTenant +
                         "') EXECUTE FUNCTION refuse()");
  }
  for (const std::string tenant : {kTenant, kOther}) {
    Ask("INSERT INTO gatehouse.request VALUES ('" + tenant +
        "', gen_random_uuid(), "
        "gen_random_uuid(), 'm', '', '', " +
        At(31) + ") RETURNING 1");
    AddThread("old", 31, tenant);
  }
  service::RetentionPeriods periods;
  periods[Policy::kRequests] = periods[Policy::kMessages] = std::chrono::days(30);
  service::RetentionSweeper sweeper(service::RetentionDepsOf(*storage_, now_), periods);
  for (const Policy policy : {Policy::kRequests, Policy::kMessages}) {
    const auto sweep = [&] {
      return runner_.Run<absl::StatusOr<Sweep>>([&] {
        return sweeper.Run(
            base::SystemContext(runner_.loop(), "retention", std::chrono::minutes(5)), policy);
      });
    };
    EXPECT_FALSE(sweep().ok());
    EXPECT_THAT(sweep(), IsOk());
    // From the beginning again.
    EXPECT_FALSE(sweep().ok());
  }
  EXPECT_EQ(Ask("SELECT string_agg(tenant_id::text, ' ') FROM gatehouse.request"), kTenant);
  EXPECT_EQ(Ask("SELECT string_agg(tenant_id::text, ' ') FROM gatehouse.thread"), kTenant);
}

TEST_F(RowRetentionTest, OnePolicyThatFailsHoldsUpNoOther) {
  service::RetentionPeriods periods;
  periods[Policy::kRequests] = std::chrono::days(30);
  periods[Policy::kAlerts] = std::chrono::days(30);
  service::RetentionWorker worker(runner_.loop(), service::RetentionDepsOf(*storage_, now_),
                                  periods);
  Writer(dsn_).Execute("ALTER TABLE gatehouse.request RENAME TO away");
  const absl::Status status = runner_.Run<absl::Status>([&] {
    return worker.RunOnce(
        base::SystemContext(runner_.loop(), "retention", std::chrono::minutes(5)));
  });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(worker.stats(Policy::kRequests).failures, 1);
  EXPECT_FALSE(worker.stats(Policy::kRequests).last_run.has_value());
  EXPECT_TRUE(worker.stats(Policy::kAlerts).last_run.has_value());
}

}  // namespace
}  // namespace gatehouse::tests
