// A sample of the stored passwords is of all of them, and a few pages are read for it. As it is
// drawn at random, tests/integration/growth does not measure it.

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "storage/postgres/admin/connection.h"
#include "storage/user/queries/user_queries.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using storage::postgres::admin::Connection;

// A tenth came first, with hashes of their own kind.
constexpr char kFill[] = R"sql(
  INSERT INTO gatehouse.user_account (tenant_id, user_id, username, username_key, first_name,
    last_name, bio, avatar_url, timezone, locale, metadata, role, state, password_hash, epoch,
    create_time, update_time, version)
  SELECT '00000000-0000-7000-8000-000000000001', gen_random_uuid(), i, i, '', '', '', '', '', '',
    '{}', 'viewer', 1, CASE WHEN i <= 3000 THEN 'old' ELSE 'new' END, 1, now(), now(), 1
  FROM generate_series(1, 30000) i)sql";

class PasswordSampleTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Connection::Open(CreateMigratedDatabase());
    ASSERT_THAT(opened.status(), IsOk());
    connection_ = *std::move(opened);
    Run(kFill);
    Run("PREPARE sample AS " + std::string(storage::user::queries::kSamplePasswords.text));
  }
  Connection::Rows Run(const std::string& sql) {
    const auto rows = connection_->Execute(sql);
    EXPECT_THAT(rows.status(), IsOk());
    return rows.ok() ? *rows : Connection::Rows();
  }
  // Within a transaction: pages of the table that it has touched, or has.
  int64_t Number(const std::string& sql) { return std::stoll(Run(sql).at(0).at(0).value()); }

  std::unique_ptr<Connection> connection_;
};

TEST_F(PasswordSampleTest, IsOfTheWholeTableAndReadsSomePagesOfIt) {
  constexpr char kTouched[] =
      "SELECT pg_stat_get_xact_blocks_fetched('gatehouse.user_account'::regclass)";
  EXPECT_GT(Number("SELECT pg_relation_size('gatehouse.user_account') / "
                   "current_setting('block_size')::bigint"),
            400);
  Run("BEGIN");
  const int64_t before = Number(kTouched);
  const Connection::Rows sample = Run("EXECUTE sample(32, 512)");
  const int64_t touched = Number(kTouched) - before;
  Run("ROLLBACK");
  // 32 on average; that it is more than twice as many happens once in ten million.
  EXPECT_LE(touched, 70);
  EXPECT_GE(touched, 5);
  std::map<std::string, int> counts;
  for (const Connection::Row& row : sample) ++counts[row.at(0).value()];
  EXPECT_LE(sample.size(), 512u);
  EXPECT_GT(sample.size(), 100u);
  EXPECT_GT(counts["new"], counts["old"]) << "the first pages are no sample";
}

TEST_F(PasswordSampleTest, HasNoMoreThanAreAskedFor) {
  EXPECT_EQ(Run("EXECUTE sample(1000000, 7)").size(), 7u);
  Run("DELETE FROM gatehouse.user_account WHERE username <> '5'");
  EXPECT_EQ(Run("EXECUTE sample(1000000, 7)").size(), 1u);
}

}  // namespace
}  // namespace gatehouse::tests
