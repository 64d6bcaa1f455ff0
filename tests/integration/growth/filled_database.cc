#include "tests/integration/growth/filled_database.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

using storage::postgres::admin::Connection;

// The parameters of event_log/insert.sql, for one event.
constexpr char kEvent[] = R"sql(
  ARRAY[tenant()], ARRAY[new_id()], '{type.1}', '{1}', '{user}', '{a}', '{""}', ARRAY['[]'::jsonb],
  '{""}', '{""}', '{""}', '{""}', '{""}', ARRAY['{}'::jsonb], ARRAY[present()], ARRAY[present()],
  ARRAY[hash(1)], ARRAY[hash(1)], '{f}')sql";
// They make one database together.
constexpr const char* kScripts[] = {"sample.sql", "fill_accounts.sql", "fill_log.sql"};
constexpr char kFolder[] = "tests/integration/growth/";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

}  // namespace

std::string Execution(const StatementCase& test, int64_t row) {
  const std::string parameters =
      absl::StrReplaceAll(test.parameters, {{"$row", absl::StrCat(row)}, {"$event", kEvent}});
  return "EXECUTE statement" + (parameters.empty() ? "" : "(" + parameters + ")");
}

FilledDatabase::FilledDatabase(int64_t rows)
    : connection_(*Connection::Open(CreateMigratedDatabase())) {
  // Nothing happens beside what is measured, and the log of it stays small.
  Run("ALTER SYSTEM SET autovacuum = off");
  Run("ALTER SYSTEM SET max_wal_size = '128MB'");
  Run("SELECT pg_reload_conf()");
  Run(absl::StrCat("SET sample.rows = '", rows, "'"));
  for (const char* script : kScripts) Run(ReadFile(absl::StrCat(kFolder, script)));
  Run("VACUUM ANALYZE");
  Run("SET search_path = gatehouse, sample");
}

FilledDatabase::~FilledDatabase() {
  const std::string name = Run("SELECT current_database()");
  connection_.reset();
  ExecuteSql(PostgresCluster::Shared().Dsn("postgres"), "DROP DATABASE " + name);
}

std::string FilledDatabase::Run(const std::string& script) {
  const absl::StatusOr<Connection::Rows> rows = connection_->Execute(script);
  if (!rows.ok()) {
    std::fprintf(stderr, "%s\n%s\n", script.c_str(), rows.status().ToString().c_str());
    std::abort();
  }
  std::string text;
  for (const Connection::Row& row : *rows) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", row[0].value_or(""));
  }
  return text;
}

}  // namespace gatehouse::tests
