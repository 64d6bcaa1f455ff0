// deploy/postgres/grants.sql: what the server's role may do is what its statements need, by what
// Postgres says of both.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/postgres/admin/connection.h"
#include "storage/postgres/client/query.h"
#include "tests/support/postgres/all_queries.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using storage::postgres::Query;
using storage::postgres::admin::Connection;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Table -> privileges.
using Privileges = std::map<std::string, std::set<std::string>>;

// Those of `gatehouse log reset` and `gatehouse tenant move`.
const std::set<std::string>& OfTheOwner() {
  static const auto* names =
      new std::set<std::string>{"event_log/reset", "tenant_move/put_move",
                                "tenant_move/advance_move", "tenant_move/forget_move"};
  return *names;
}

std::string WithoutComments(std::string_view text) {
  return std::regex_replace(std::string(text), std::regex("--[^\n]*"), "");
}

int ParameterCount(const std::string& text) {
  int count = 0;
  const std::regex parameter("\\$(\\d+)");
  for (std::sregex_iterator found(text.begin(), text.end(), parameter), end; found != end;
       ++found) {
    count = std::max(count, std::stoi((*found)[1]));
  }
  return count;
}

// What a statement changes or locks, as it says itself.
void AddNeeded(const std::string& text, Privileges& needed) {
  const std::regex change("\\b(INSERT INTO|UPDATE|DELETE FROM)\\s+gatehouse\\.(\\w+)");
  for (std::sregex_iterator found(text.begin(), text.end(), change), end; found != end; ++found) {
    const std::string verb = (*found)[1];
    needed[(*found)[2]].insert(verb.substr(0, verb.find(' ')));
  }
  const bool replaces = text.find("DO UPDATE") != std::string::npos;
  const bool locks = std::regex_search(text, std::regex("\\bFOR (NO KEY |KEY )?(UPDATE|SHARE)\\b"));
  if (!replaces && !locks) return;
  // Which of its tables is not looked into: any may be.
  const std::regex table("\\bgatehouse\\.(\\w+)\\b(?!\\()");
  for (std::sregex_iterator found(text.begin(), text.end(), table), end; found != end; ++found) {
    needed[(*found)[1]].insert("UPDATE");
  }
}

class GrantsTest : public testing::Test {
 protected:
  void SetUp() override {
    dsn_ = CreateMigratedDatabase();
    // Roles are the cluster's, which other tests use as well.
    ExecuteSql(dsn_,
               "DO $$ BEGIN CREATE ROLE gatehouse_server; EXCEPTION WHEN duplicate_object THEN "
               "NULL; END $$");
    std::ifstream file("deploy/postgres/grants.sql");
    const std::string grants{std::istreambuf_iterator<char>(file), {}};
    ASSERT_FALSE(grants.empty());
    // Twice, as it is run after each migration.
    ExecuteSql(dsn_, grants);
    ExecuteSql(dsn_, grants);
    auto opened = Connection::Open(dsn_);
    ASSERT_THAT(opened.status(), IsOk());
    connection_ = *std::move(opened);
  }

  // The first column of the rows.
  std::vector<std::string> Column(const std::string& sql) {
    const auto rows = connection_->Execute(sql);
    EXPECT_THAT(rows.status(), IsOk());
    std::vector<std::string> column;
    if (!rows.ok()) return column;
    for (const Connection::Row& row : *rows) column.push_back(row[0].value_or(""));
    return column;
  }

  Privileges Granted() {
    Privileges granted;
    const auto rows = connection_->Execute(
        "SELECT c.relname, p.privilege_type FROM pg_class c, aclexplode(c.relacl) p "
        "WHERE c.relnamespace = 'gatehouse'::regnamespace "
        "AND p.grantee = 'gatehouse_server'::regrole");
    EXPECT_THAT(rows.status(), IsOk());
    if (!rows.ok()) return granted;
    for (const Connection::Row& row : *rows) granted[*row[0]].insert(*row[1]);
    return granted;
  }

  std::string dsn_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(GrantsTest, TheServerMayDoWhatItsStatementsDo) {
  ASSERT_THAT(connection_->Execute("SET ROLE gatehouse_server; SET search_path = gatehouse"),
              IsOk());
  std::set<std::string> refused;
  int tried = 0;
  const auto explain = [&](const Query& query) {
    std::string text = WithoutComments(query.text);
    text.erase(text.find_last_not_of(" \n;") + 1);
    const int count = ParameterCount(text);
    std::string parameters;
    for (int i = 0; i < count; ++i) parameters += i == 0 ? "NULL" : ", NULL";
    if (count > 0) parameters = "(" + parameters + ")";
    // Postgres asks for every privilege when it makes ready to execute, which EXPLAIN does too.
    const absl::Status status =
        connection_
            ->Execute(absl::StrCat("DEALLOCATE ALL; PREPARE statement AS ", text,
                                   "; EXPLAIN EXECUTE statement", parameters))
            .status();
    ++tried;
    if (status.ok()) return;
    refused.insert(std::string(query.name));
    EXPECT_THAT(std::string(status.message()), HasSubstr("permission denied")) << query.name;
  };
  for (const Query& query : AllQueries()) {
    explain(query);
    if (query.many != nullptr) explain(*query.many);
  }
  EXPECT_GT(tried, 200);
  EXPECT_EQ(refused, OfTheOwner());
}

TEST_F(GrantsTest, TheServerMayDoNoMoreThanThat) {
  Privileges needed;
  for (const Query& query : AllQueries()) {
    if (OfTheOwner().contains(std::string(query.name))) continue;
    AddNeeded(WithoutComments(query.text), needed);
  }
  std::vector<std::string> surplus;
  for (const auto& [table, privileges] : Granted()) {
    for (const std::string& privilege : privileges) {
      if (privilege != "SELECT" && !needed[table].contains(privilege)) {
        surplus.push_back(absl::StrCat(privilege, " on ", table));
      }
    }
  }
  EXPECT_THAT(surplus, IsEmpty()) << "no statement needs it: deploy/postgres/grants.sql";
}

// The log is written once, whatever a statement would like.
TEST_F(GrantsTest, TheLogIsAddedToAlone) {
  Privileges granted = Granted();
  for (const char* table : {"event", "event_order", "event_target"}) {
    EXPECT_THAT(granted[table], ElementsAre("INSERT", "SELECT")) << table;
  }
  for (const char* table : {"event_cut", "event_log_start", "schema_migration", "tenant_move"}) {
    EXPECT_THAT(granted[table], ElementsAre("SELECT")) << table;
  }
}

TEST_F(GrantsTest, EveryTableIsGrantedAndNoPartition) {
  EXPECT_THAT(Column("SELECT relname FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace "
                     "AND relkind IN ('r', 'p', 'v') AND NOT relispartition "
                     "AND NOT has_table_privilege('gatehouse_server', oid, 'SELECT')"),
              IsEmpty());
  EXPECT_THAT(Column("SELECT relname FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace "
                     "AND relispartition AND relkind = 'r' "
                     "AND has_table_privilege('gatehouse_server', oid, "
                     "'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"),
              IsEmpty());
  EXPECT_THAT(Column("SELECT relname FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace "
                     "AND has_table_privilege('gatehouse_server', oid, "
                     "'TRUNCATE, REFERENCES, TRIGGER') AND relkind IN ('r', 'p', 'v')"),
              IsEmpty());
}

// What a function may that runs as the owner, whoever may run it may.
TEST_F(GrantsTest, FunctionsThatRunAsTheOwnerAreTheServersAlone) {
  EXPECT_THAT(
      Column(
          "SELECT proname FROM pg_proc WHERE pronamespace = 'gatehouse'::regnamespace AND "
          "prosecdef AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee "
          "= 0) OR NOT 'search_path=pg_catalog, pg_temp' = ANY (proconfig))"),
      IsEmpty());
  EXPECT_THAT(Column("SELECT proname FROM pg_proc WHERE pronamespace = 'gatehouse'::regnamespace "
                     "AND prosecdef ORDER BY proname"),
              testing::Not(IsEmpty()));
  // Those that change the schema or the log, which the server cannot by itself: none is forgotten
  // when a migration makes one.
  EXPECT_THAT(
      Column("SELECT proname FROM pg_proc WHERE pronamespace = 'gatehouse'::regnamespace AND NOT "
             "prosecdef AND prorettype <> 'trigger'::regtype AND prosrc ~* "
             "'(CREATE|DROP|ALTER) TABLE|(UPDATE|DELETE FROM) gatehouse\\.event'"),
      IsEmpty());
}

}  // namespace
}  // namespace gatehouse::tests
