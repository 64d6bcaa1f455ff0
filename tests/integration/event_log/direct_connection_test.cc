// What needs a session to itself connects past the pooler that the others go through.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/main/area/storage_area.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/params.h"
#include "storage/postgres/client/query.h"
#include "storage/postgres/client/row.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using service::StorageArea;
using storage::postgres::Database;
using storage::postgres::Params;
using storage::postgres::Query;
using storage::postgres::Rows;
using storage::postgres::RowView;

class DirectConnectionTest : public testing::Test {
 protected:
  // By which DSN it is connected, and whether its session has settings of its own, which none has
  // behind a pooler.
  std::string SessionOf(Database& database) {
    constexpr Query kSession{"",
                             "SELECT current_setting('application_name') || ' ' || "
                             "current_setting('statement_timeout')"};
    const auto rows = runner_.Run<absl::StatusOr<Rows>>(
        [&] { return database.Query(runner_.Context(), kSession, Params()); });
    EXPECT_THAT(rows, IsOk());
    return **rows->DecodeOne([](RowView row) { return row.Get<std::string>(0); });
  }

  LoopRunner runner_;
};

TEST_F(DirectConnectionTest, TheSequencerHasItsOwn) {
  const std::string dsn = CreateMigratedDatabase();
  const service::config::DatabaseSettings settings{.dsn = dsn + " application_name=pooled",
                                                   .prepared_statements = false,
                                                   .direct_dsn = dsn + " application_name=direct"};
  const auto area = StorageArea::Open(service::DatabaseConfigOf(settings, /*loops=*/1), "secret",
                                      {&runner_.loop()}, service::DirectConfigOf(settings));
  ASSERT_THAT(area, IsOk());
  EXPECT_EQ(SessionOf(*(*area)->sequencer_database), "direct 10s");
  EXPECT_EQ(SessionOf(*(*area)->database), "pooled 0");
  (*area)->Close();
}

TEST_F(DirectConnectionTest, WithoutAPoolerItIsTheSameDatabase) {
  const service::config::DatabaseSettings settings{.dsn = "host=db"};
  EXPECT_EQ(service::DirectConfigOf(settings).dsn, "host=db");
  EXPECT_TRUE(service::DirectConfigOf(settings).use_prepared_statements);
}

}  // namespace
}  // namespace gatehouse::tests
