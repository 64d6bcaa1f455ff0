#include "service/main/tools/doctor/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/main/tools/report.h"

namespace gatehouse::service {
namespace {

// Past lanes and the pool: the sequencer, the listener, the lock by which it is seen to live.
constexpr int64_t kOwnConnections = 3;
// Sockets, files of its own, look-ups of names, and what libraries open.
constexpr int64_t kOwnFiles = 256;
// What is kept for superusers, dumps and people.
constexpr int64_t kSpareConnections = 10;
// Beside hashing: connections, messages, caches.
constexpr int64_t kOwnMemory = int64_t{512} << 20;
constexpr int64_t kLittleSpace = int64_t{1} << 30;
constexpr int64_t kNoSpace = int64_t{100} << 20;
constexpr int64_t kLongTransaction = 3600;
// A day is sealed two whole days after it has ended.
constexpr int32_t kLateSeal = 5;
constexpr int64_t kDefaultPartition = int64_t{8} << 20;

}  // namespace

Needs NeedsOf(const config::Config& config, int64_t loops, int64_t cores) {
  const config::DatabaseSettings& database = config.database;
  const int64_t write_lanes = std::max(int64_t{2}, database.write_lanes / loops);
  const int64_t connections =
      loops * (database.lanes + write_lanes + database.pool_size) + kOwnConnections;
  const int64_t hashes = config.auth.hash_threads > 0 ? config.auth.hash_threads : cores;
  return {
      .database_connections = connections,
      .files = connections + config.grpc.max_connections + config.webhook.max_in_flight + kOwnFiles,
      .hashing_bytes = hashes * config.auth.most_argon2_memory_kib() * 1024};
}

void JudgeLimits(const Needs& needs, const ProcessLimits& limits, Findings& findings) {
  if (limits.files < needs.files) {
    findings.Warn(
        "files",
        absl::StrCat("this process may have ", limits.files,
                     " files open; with all connections that the settings allow it needs ",
                     needs.files),
        "raise the limit (LimitNOFILE= of systemd, ulimits of a container), or lower "
        "grpc.max_connections");
  } else {
    findings.Ok("files", absl::StrCat("may have ", limits.files, " files open, needs at most ",
                                      needs.files));
  }
  if (limits.memory_bytes < needs.hashing_bytes + kOwnMemory) {
    findings.Warn("memory",
                  absl::StrCat("there are ", BytesText(limits.memory_bytes),
                               " of memory; hashing passwords takes ",
                               BytesText(needs.hashing_bytes), " at a time"),
                  "lower auth.hash_threads, auth.argon2_memory_kib or auth.argon2_max_memory_kib");
  } else {
    findings.Ok("memory", absl::StrCat(BytesText(limits.memory_bytes),
                                       ", of which hashing "
                                       "passwords takes up to ",
                                       BytesText(needs.hashing_bytes)));
  }
}

void JudgeDatabase(const Needs& needs, const storage::DatabaseExamination& database,
                   Findings& findings) {
  const int64_t room = database.max_connections - kSpareConnections;
  const std::string connections =
      absl::StrCat("Postgres takes ", database.max_connections, " connections, ",
                   database.connections, " are open; a server needs ", needs.database_connections);
  if (room < needs.database_connections) {
    findings.Fail("connections", connections,
                  "raise max_connections of Postgres, or lower database.lanes, "
                  "database.write_lanes and database.pool_size");
  } else if (room - database.connections < needs.database_connections) {
    findings.Warn("connections", connections,
                  "one more server would not find its connections: raise max_connections");
  } else {
    findings.Ok("connections", connections);
  }
  if (!database.writes_are_safe || !database.commits_are_safe) {
    findings.Warn("durability",
                  database.writes_are_safe ? "synchronous_commit is off: what was acknowledged may "
                                             "be lost in a crash"
                                           : "fsync or full_page_writes is off: a crash of the "
                                             "machine can destroy the database",
                  "switch them on in postgresql.conf");
  } else {
    findings.Ok("durability", "what is committed survives a crash");
  }
  if (!database.autovacuum) {
    findings.Warn("vacuum", "autovacuum is off: tables only grow", "switch it on");
  } else if (database.oldest_transaction_s > kLongTransaction) {
    findings.Warn(
        "vacuum",
        absl::StrCat("a transaction has been open for ", database.oldest_transaction_s / 60,
                     " minutes, and keeps vacuum from giving back room"),
        "find it in pg_stat_activity by xact_start, and end it");
  } else {
    findings.Ok("vacuum", "nothing holds it back");
  }
  if (database.default_partition_bytes > kDefaultPartition) {
    findings.Warn(
        "days",
        absl::StrCat("the default partitions hold ", BytesText(database.default_partition_bytes),
                     ": tables of days came late"),
        "let a server run all the time; what is there moves when its day gets its table, "
        "and stays until vacuum has cut it off");
  } else if (database.unsealed_days.value_or(0) > kLateSeal) {
    findings.Warn("days",
                  absl::StrCat("a day from ", *database.unsealed_days,
                               " days ago is not closed yet: no day after it can go"),
                  "let a server run, and see whether the sequencer does (runbook "
                  "GatehouseLogStalls)");
  } else {
    findings.Ok("days", absl::StrCat(database.event_days, " days of events have their table, in ",
                                     BytesText(database.bytes), " of database"));
  }
}

void JudgeSpace(const std::string& what, const std::optional<Space>& space, Findings& findings) {
  if (!space) {
    findings.Ok("disk",
                absl::StrCat(what, " is not on this machine, or may not be seen from here"));
    return;
  }
  const std::string text = absl::StrCat(what, ": ", BytesText(space->free_bytes), " of ",
                                        BytesText(space->bytes), " are free");
  const bool little = space->free_bytes < kLittleSpace || space->free_bytes < space->bytes / 20;
  if (space->free_bytes < kNoSpace) {
    findings.Fail("disk", text, "make room: changes are refused with STORAGE_FULL soon");
  } else if (little) {
    findings.Warn("disk", text,
                  "make room, or keep less: gatehouse retention run --dry-run tells what could go");
  } else {
    findings.Ok("disk", text);
  }
}

}  // namespace gatehouse::service
