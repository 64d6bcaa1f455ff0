#include "service/dev/dev_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/status.h"
#include "migrations/schema_state.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::service {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DevDatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    char root[] = "/tmp/gatehouse-XXXXXX";
    ASSERT_NE(mkdtemp(root), nullptr);
    ASSERT_EQ(chmod(root, 0711), 0);
    root_ = root;
  }
  void TearDown() override { fs::remove_all(root_); }

  absl::StatusOr<std::unique_ptr<DevDatabase>> Open() {
    return DevDatabase::Open(
        root_ + "/data", [this](std::string_view text) { progress_ += std::string(text) + "\n"; });
  }

  void Run(const std::string& dsn, const std::string& sql) {
    auto connection = storage::postgres::admin::Connection::Open(dsn);
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_TRUE((*connection)->Execute(sql).ok()) << sql;
  }

  std::string root_;
  std::string progress_;
};

TEST_F(DevDatabaseTest, MakesItAllOnceAndThenKeepsIt) {
  config::Secrets secrets;
  {
    auto first = Open();
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_FALSE((*first)->has_demo_users());
    EXPECT_THAT(progress_, HasSubstr("up 0001_"));
    EXPECT_TRUE(migrations::CheckDatabaseAndSchema((*first)->dsn()).ok());
    secrets = (*first)->secrets();
    EXPECT_TRUE((*first)->NoteDemoUsers().ok());
    EXPECT_EQ(secrets.master_key.size(), config::kSecretBytes);
    Run((*first)->dsn(), "CREATE TABLE gatehouse.kept AS SELECT 1");
  }
  progress_.clear();
  {
    auto second = Open();
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_TRUE((*second)->has_demo_users());
    EXPECT_EQ(progress_, "");
    EXPECT_EQ((*second)->secrets().master_key, secrets.master_key);
    EXPECT_EQ((*second)->secrets().token_pepper, secrets.token_pepper);
    Run((*second)->dsn(),
        "DROP TABLE gatehouse.kept; INSERT INTO gatehouse.schema_migration (version, name, "
        "checksum, state, applied_time) VALUES (9999, 'add_future', '', 'applied', now())");
  }
  absl::Status newer = Open().status();
  EXPECT_TRUE(base::HasReason(newer, base::Reason::kSchemaMismatch)) << newer;
  fs::remove(root_ + "/data/secrets/master_key");
  EXPECT_THAT(std::string(Open().status().message()), HasSubstr("master_key is missing"));
}

}  // namespace
}  // namespace gatehouse::service
