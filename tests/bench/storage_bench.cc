// How many statements one loop gets through the Postgres client, on a private
// Postgres. Prints one line per measurement:
//
//   storage_bench [SECONDS_PER_MEASUREMENT]

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/postgres/client/database.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;
using storage::postgres::Database;
using storage::postgres::Params;
using storage::postgres::Query;

constexpr Query kSelect{"bench/select", "SELECT value FROM item WHERE id = $1"};
constexpr Query kInsert{"bench/insert", "INSERT INTO log (value) VALUES ($1)"};
constexpr int64_t kItems = 1000;

struct Run {
  Query query;
  bool is_read = true;
  std::atomic<bool> stop = false;
  std::atomic<int64_t> done = 0;
  std::atomic<int64_t> failed = 0;
};

base::Task<bool> Ask(Database* database, base::CallContext ctx, int64_t start, Run* run) {
  for (int64_t i = start; !run->stop; ++i) {
    bool ok = false;
    if (run->is_read) {
      const auto rows = co_await database->Query(ctx, run->query, Params::Of(i % kItems));
      ok = rows.ok();
    } else {
      storage::postgres::Batch batch;
      batch.Add(run->query, Params::Of(i % kItems));
      const auto results = co_await database->Run(ctx, std::move(batch));
      ok = results.ok();
    }
    ++(ok ? run->done : run->failed);
  }
  co_return true;
}

void Measure(Database& database, LoopRunner& runner, const char* what, Query query, int callers,
             double seconds) {
  Run run{.query = query, .is_read = query.name == kSelect.name};
  std::vector<std::future<bool>> ends;
  const auto start = steady_clock::now();
  for (int i = 0; i < callers; ++i) {
    // A deadline, as every call of a server has one.
    const base::CallContext ctx =
        runner.Context({.deadline = start + std::chrono::hours(1) + std::chrono::seconds(i)});
    ends.push_back(runner.Start<bool>([&, ctx, i] { return Ask(&database, ctx, i * 7, &run); }));
  }
  ends[0].wait_for(duration<double>(seconds));
  run.stop = true;
  for (auto& end : ends) end.wait();
  const double passed = duration<double>(steady_clock::now() - start).count();
  std::printf("%-8s %4d in flight  %9.0f /s  %7.1f us each%s\n", what, callers,
              static_cast<double>(run.done) / passed,
              1e6 * passed * callers / static_cast<double>(run.done),
              run.failed > 0 ? "  WITH FAILURES" : "");
}

int Main(double seconds) {
  PostgresCluster cluster({.durable = true});
  const std::string dsn = cluster.CreateDatabase();
  ExecuteSql(dsn,
             "CREATE TABLE item AS SELECT id::bigint, md5(id::text) AS value FROM "
             "generate_series(0, 999) AS id;"
             "ALTER TABLE item ADD PRIMARY KEY (id);"
             "CREATE TABLE log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, value bigint)");
  ExecuteSql(dsn, "VACUUM ANALYZE item");
  LoopRunner runner;
  for (const int lanes : {1, 2, 4}) {
    storage::postgres::DatabaseConfig config;
    config.dsn = dsn;
    config.search_path = "public";
    config.lanes_per_loop = lanes;
    config.batch_lanes_per_loop = 4 * lanes;
    config.max_queued_per_loop = 4096;
    auto database = Database::Open(config, {&runner.loop()});
    if (!database.ok()) return 1;
    std::printf("%d lanes, %d for batches\n", lanes, 4 * lanes);
    for (const int callers : {1, 16, 64, 256}) {
      Measure(**database, runner, "select", kSelect, callers, seconds);
    }
    for (const int callers : {1, 32, 64, 256}) {
      Measure(**database, runner, "insert", kInsert, callers, seconds);
    }
  }
  return 0;
}

}  // namespace
}  // namespace gatehouse::tests

int main(int argc, char** argv) {
  return gatehouse::tests::Main(argc > 1 ? std::atof(argv[1]) : 1.0);
}
