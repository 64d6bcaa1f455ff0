#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_CLIENT_TEST_BASE_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_CLIENT_TEST_BASE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/postgres/admin/connection.h"
#include "storage/postgres/client/database.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/postgres/patient_database.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::storage::postgres {

// Statements that wait here are under way until the test opens it, however long that takes.
class Gate {
 public:
  static constexpr Query kPass{"test/pass", "SELECT pg_advisory_xact_lock_shared(1)"};

  explicit Gate(const std::string& dsn) : guard_(*admin::Connection::Open(dsn)) {
    EXPECT_THAT(guard_->Execute("SELECT pg_advisory_lock(1)"), tests::IsOk());
  }
  int waiting() const {
    const auto rows = guard_->Execute(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())");
    EXPECT_THAT(rows, tests::IsOk());
    return std::stoi(*rows->at(0).at(0));
  }
  void Open() { EXPECT_THAT(guard_->Execute("SELECT pg_advisory_unlock(1)"), tests::IsOk()); }

 private:
  std::unique_ptr<admin::Connection> guard_;
};

// A loop, an empty database and a client for it.
class ClientTest : public testing::Test {
 protected:
  using RowsOr = absl::StatusOr<Rows>;
  using BatchOr = absl::StatusOr<std::vector<Rows>>;

  void SetUp() override { dsn_ = tests::PostgresCluster::Shared().CreateDatabase(); }
  void TearDown() override { database_.reset(); }

  DatabaseConfig Config() const {
    DatabaseConfig config = tests::PatientConfig(dsn_);
    config.search_path = "public";
    // Unlike the connections by which the tests look on.
    config.application_name = "client";
    config.batch_lanes_per_loop = 1;
    config.max_backoff = std::chrono::milliseconds(100);
    return config;
  }

  void Open(DatabaseConfig config) {
    auto opened = Database::Open(std::move(config), {&runner_.loop()});
    ASSERT_THAT(opened, tests::IsOk());
    database_ = *std::move(opened);
  }

  // A context that ends after `timeout`.
  base::CallContext Within(std::chrono::milliseconds timeout) {
    return runner_.Context({.deadline = std::chrono::steady_clock::now() + timeout});
  }

  std::future<RowsOr> StartQuery(base::CallContext ctx, Query query, Params params = {}) {
    return runner_.Start<RowsOr>(
        [this, ctx, query, params] { return database_->Query(ctx, query, params); });
  }
  RowsOr RunQuery(Query query, Params params = {}) {
    return StartQuery(runner_.Context(), query, std::move(params)).get();
  }
  BatchOr RunBatch(Batch batch) {
    return runner_.Run<BatchOr>([this, batch] { return database_->Run(runner_.Context(), batch); });
  }

  // The first column of the first row, as text.
  std::string Ask(const std::string& sql) const { return tests::AskSql(dsn_, sql); }
  void Execute(const std::string& sql) const { tests::ExecuteSql(dsn_, sql); }

  // Until `done`, or for as long as no test should take.
  template <typename Fn>
  static bool Eventually(Fn done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  std::string dsn_;
  tests::LoopRunner runner_;
  std::unique_ptr<Database> database_;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_CLIENT_TEST_BASE_H_
