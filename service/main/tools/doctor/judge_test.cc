#include "service/main/tools/doctor/judge.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace gatehouse::service {
namespace {

using Level = Finding::Level;

constexpr int64_t kGiB = int64_t{1} << 30;

// Of the only finding of that name.
Level LevelOf(const Findings& findings, const std::string& check) {
  for (const Finding& finding : findings.all()) {
    if (finding.check != check) continue;
    EXPECT_EQ(finding.level == Level::kOk, finding.advice.empty()) << finding.text;
    return finding.level;
  }
  ADD_FAILURE() << "nothing about " << check;
  return Level::kOk;
}

Level Judged(const storage::DatabaseExamination& database, const std::string& check) {
  Findings findings;
  JudgeDatabase({.database_connections = 30}, database, findings);
  return LevelOf(findings, check);
}

storage::DatabaseExamination Healthy() {
  return {.max_connections = 100, .connections = 35, .event_days = 7, .unsealed_days = 2};
}

TEST(JudgeTest, NeedsFollowTheSettings) {
  config::Config config;
  config.database.lanes = 3;
  config.database.write_lanes = 8;
  config.database.pool_size = 5;
  config.auth.hash_threads = 0;
  config.auth.argon2_memory_kib = 1024;
  const Needs needs = NeedsOf(config, /*loops=*/2, /*cores=*/4);
  EXPECT_EQ(needs.database_connections, 2 * (3 + 4 + 5) + 3);
  EXPECT_GT(needs.files, config.grpc.max_connections + needs.database_connections);
  EXPECT_EQ(needs.hashing_bytes, 4 * (int64_t{1} << 20));
  // Where it is measured, the most that it may come to.
  config.auth.argon2_target = std::chrono::milliseconds(100);
  config.auth.argon2_max_memory_kib = 2048;
  EXPECT_EQ(NeedsOf(config, 2, 4).hashing_bytes, 4 * (int64_t{2} << 20));
  config.auth.argon2_memory_kib = 3072;
  EXPECT_EQ(NeedsOf(config, 2, 4).hashing_bytes, 4 * (int64_t{3} << 20));
}

TEST(JudgeTest, AHealthyDatabaseIsWell) {
  for (const char* check : {"connections", "durability", "vacuum", "days"}) {
    EXPECT_EQ(Judged(Healthy(), check), Level::kOk) << check;
  }
}

TEST(JudgeTest, ConnectionsThatPostgresDoesNotHaveAreAFailure) {
  storage::DatabaseExamination database = Healthy();
  database.max_connections = 35;
  EXPECT_EQ(Judged(database, "connections"), Level::kFailure);
  database.max_connections = 80;
  database.connections = 60;
  EXPECT_EQ(Judged(database, "connections"), Level::kWarning);
}

TEST(JudgeTest, WhatLosesDataOrRoomIsAWarning) {
  storage::DatabaseExamination database = Healthy();
  database.commits_are_safe = false;
  EXPECT_EQ(Judged(database, "durability"), Level::kWarning);
  database = Healthy();
  database.writes_are_safe = false;
  EXPECT_EQ(Judged(database, "durability"), Level::kWarning);
  database = Healthy();
  database.autovacuum = false;
  EXPECT_EQ(Judged(database, "vacuum"), Level::kWarning);
  database = Healthy();
  database.oldest_transaction_s = 7200;
  EXPECT_EQ(Judged(database, "vacuum"), Level::kWarning);
}

TEST(JudgeTest, DaysThatComeOrCloseLateAreAWarning) {
  storage::DatabaseExamination database = Healthy();
  database.default_partition_bytes = kGiB;
  EXPECT_EQ(Judged(database, "days"), Level::kWarning);
  database = Healthy();
  database.unsealed_days = 9;
  EXPECT_EQ(Judged(database, "days"), Level::kWarning);
  database.unsealed_days.reset();
  EXPECT_EQ(Judged(database, "days"), Level::kOk);
}

TEST(JudgeTest, LimitsOfTheProcessAreComparedWithItsNeeds) {
  const Needs needs{.files = 1000, .hashing_bytes = 4 * kGiB};
  Findings enough;
  JudgeLimits(needs, {.files = 1000, .memory_bytes = 8 * kGiB}, enough);
  EXPECT_EQ(LevelOf(enough, "files"), Level::kOk);
  EXPECT_EQ(LevelOf(enough, "memory"), Level::kOk);
  Findings few;
  JudgeLimits(needs, {.files = 999, .memory_bytes = 4 * kGiB}, few);
  EXPECT_EQ(LevelOf(few, "files"), Level::kWarning);
  EXPECT_EQ(LevelOf(few, "memory"), Level::kWarning);
}

TEST(JudgeTest, SpaceThatRunsOutIsToldBeforeItIsGone) {
  const auto judged = [](int64_t free, int64_t all) {
    Findings findings;
    JudgeSpace("it", Space{.free_bytes = free, .bytes = all}, findings);
    return LevelOf(findings, "disk");
  };
  EXPECT_EQ(judged(50 * kGiB, 100 * kGiB), Level::kOk);
  EXPECT_EQ(judged(4 * kGiB, 100 * kGiB), Level::kWarning);
  EXPECT_EQ(judged(kGiB / 2, 2 * kGiB), Level::kWarning);
  EXPECT_EQ(judged(kGiB / 100, 100 * kGiB), Level::kFailure);
  Findings elsewhere;
  JudgeSpace("it", std::nullopt, elsewhere);
  EXPECT_EQ(LevelOf(elsewhere, "disk"), Level::kOk);
}

}  // namespace
}  // namespace gatehouse::service
