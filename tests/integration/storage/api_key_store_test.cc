// What the store of API keys promises beyond what UserService shows of it.

#include "storage/api_key/api_key_store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/text/encoding.h"
#include "base/uuid.h"
#include "storage/postgres/admin/connection.h"
#include "storage/postgres/client/database.h"
#include "tests/support/postgres/patient_database.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/server/test_backend.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using storage::ApiKeyStore;
using storage::postgres::admin::Connection;
using FoundOr = absl::StatusOr<std::optional<storage::LiveApiKeyRow>>;

class ApiKeyStoreTest : public testing::Test {
 protected:
  std::string Ask(const std::string& sql) { return AskSql(b_.dsn, sql); }
  // Until `call` waits for a lock, or has ended without.
  void AwaitWaiting(const std::future<FoundOr>& call) {
    while (call.wait_for(std::chrono::seconds(0)) != std::future_status::ready &&
           Ask("SELECT count(*) FROM pg_stat_activity "
               "WHERE datname = current_database() AND wait_event_type = 'Lock'") != "1") {
    }
  }

  TestBackend b_;
};

// The use of the key is noted by the way: for its caller that is no change of which the outcome
// could be unknown.
TEST_F(ApiKeyStoreTest, AKeyIsFoundAlthoughTheConnectionIsLostMeanwhile) {
  const TestBackend::Caller key = b_.MakeApiKey({"users.read"});
  const std::string hash =
      *base::HexDecode(Ask("SELECT encode(key_hash, 'hex') FROM gatehouse.api_key"));
  // As behind a pooler: of the last words of its server nobody can tell what was done.
  storage::postgres::DatabaseConfig config = PatientConfig(b_.dsn);
  config.use_prepared_statements = false;
  auto database = storage::postgres::Database::Open(config, {&b_.runner.loop()});
  ASSERT_THAT(database, IsOk());
  ApiKeyStore store(**database);
  const std::function<base::Task<FoundOr>()> calls[] = {
      [&] {
        return store.FindLive(b_.SystemContext(), base::kDefaultTenantId, hash, b_.clock.Now());
      },
      [&] {
        return store.FindLiveById(b_.SystemContext(), base::kDefaultTenantId, key.id,
                                  b_.clock.Now());
      },
  };
  for (const auto& find : calls) {
    b_.clock.Advance(std::chrono::minutes(1));
    const auto holder = Connection::Open(b_.dsn);
    ASSERT_THAT(holder.status(), IsOk());
    ASSERT_THAT((*holder)->Execute("BEGIN; LOCK TABLE gatehouse.api_key IN SHARE MODE").status(),
                IsOk());
    std::future<FoundOr> found = b_.runner.Start<FoundOr>(find);
    AwaitWaiting(found);
    EXPECT_EQ(Ask("SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity "
                  "WHERE datname = current_database() AND wait_event_type = 'Lock'"),
              "1");
    AwaitWaiting(found);
    ASSERT_THAT((*holder)->Execute("COMMIT").status(), IsOk());
    const FoundOr answer = found.get();
    ASSERT_THAT(answer, IsOk());
    ASSERT_TRUE(answer->has_value());
    EXPECT_EQ((*answer)->key.id, key.id);
  }
  EXPECT_EQ(Ask("SELECT last_used_time = '2026-01-01T00:02:00Z' FROM gatehouse.api_key"), "t");
  (*database)->Close();
}

}  // namespace
}  // namespace gatehouse::tests
