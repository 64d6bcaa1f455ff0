// What a statement finds and changes for a tenant does not depend on what other tenants have,
// though they have the same ids: ids of other tenants are known to nobody, but no statement leaves
// it at that.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <regex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "storage/postgres/admin/connection.h"
#include "tests/integration/growth/filled_database.h"
#include "tests/integration/growth/statement_case.h"

namespace gatehouse::tests {
namespace {

using storage::postgres::admin::Connection;

constexpr int64_t kRows = 4'000;
constexpr int64_t kRow = 2'001;

constexpr char kOthers[] = R"sql(
  CREATE FUNCTION sample.twin() RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT uuid '00000000-0000-7000-8000-000000000002' $$;
  CREATE FUNCTION sample.stranger() RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT uuid '00000000-0000-7000-8000-000000000003' $$)sql";

// Statements for each table that has tenants: without those of the partitions.
constexpr char kEachTable[] = R"sql(
  SELECT %s
  FROM (
    SELECT attrelid::regclass AS relation, string_agg(quote_ident(attname), ', ') AS columns,
           string_agg(CASE attname WHEN 'tenant_id' THEN 'sample.twin()' ELSE quote_ident(attname) END, ', ') AS twins
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'gatehouse'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY attrelid HAVING bool_or(attname = 'tenant_id')
  ) AS tables)sql";

constexpr char kChanged[] = R"sql(
  SELECT sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid) +
             pg_stat_get_xact_tuples_deleted(oid))
  FROM pg_class WHERE relkind = 'r' AND oid >= 16384)sql";

class TenantDatabase {
 public:
  TenantDatabase() : database_(kRows) { database_.Run(kOthers); }

  // `what` makes a statement of the name, the columns and the values of a table.
  void ForEachTable(const std::string& what) {
    const std::string statements = database_.Run(absl::StrReplaceAll(kEachTable, {{"%s", what}}));
    // No trigger looks at what is there already.
    database_.Run("SET session_replication_role = replica");
    database_.Run(statements);
    database_.Run("SET session_replication_role = origin");
  }

  // What a statement gives, or fails with, and how many rows it changes, for one tenant.
  std::string OutcomeFor(const std::string& tenant, const StatementCase& test) {
    Connection& connection = database_.connection();
    database_.Run("PREPARE statement AS " + std::string(test.query.text));
    database_.Run("BEGIN");
    database_.Run(test.before);
    const std::string before = database_.Run(kChanged);
    const absl::StatusOr<Connection::Rows> rows = connection.Execute(
        absl::StrReplaceAll(Execution(test, kRow), {{"tenant()", absl::StrCat(tenant, "()")}}));
    std::string outcome = connection.last_sqlstate();
    if (rows.ok()) {
      std::vector<std::string> lines;
      for (const Connection::Row& row : *rows) {
        lines.push_back(absl::StrJoin(row, "|", [](std::string* out, const auto& value) {
          absl::StrAppend(out, value.value_or("NULL"));
        }));
      }
      std::ranges::sort(lines);
      outcome = absl::StrCat(absl::StrJoin(lines, "\n"), "\nchanged ",
                             std::stoll(database_.Run(kChanged)) - std::stoll(before));
    }
    database_.Run("ROLLBACK");
    database_.Run("DEALLOCATE statement");
    return outcome;
  }

 private:
  FilledDatabase database_;
};

// Whether it goes through all tenants, from behind one on, or takes what is due of any.
bool IsOfAllTenants(const StatementCase& test) {
  // Names a tenant in what it holds already.
  if (test.query.name == std::string("delivery/lease_due")) return true;
  static const std::regex kBehind(R"(tenant_id(, \w+)*\)? > \(?\$1)");
  return std::regex_search(std::string(test.query.text), kBehind);
}

std::vector<StatementCase> CasesOfTenants() {
  std::vector<StatementCase> cases = AllCases();
  std::erase_if(cases, [](const StatementCase& test) {
    const bool names_tenant = test.parameters.find("tenant()") != std::string::npos ||
                              test.parameters.find("$event") != std::string::npos;
    return !names_tenant || IsOfAllTenants(test);
  });
  return cases;
}

std::vector<std::string> OutcomesFor(const std::string& tenant, TenantDatabase& database) {
  std::vector<std::string> outcomes;
  for (const StatementCase& test : CasesOfTenants()) {
    outcomes.push_back(database.OutcomeFor(tenant, test));
  }
  return outcomes;
}

void ExpectSame(const std::vector<std::string>& outcomes, const std::vector<std::string>& alone) {
  const std::vector<StatementCase> cases = CasesOfTenants();
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(outcomes[i], alone[i]) << cases[i].query.name << "(" << cases[i].parameters << ")";
  }
}

// A twin has all that the tenant has, by the same ids and names, but the name and the hosts that it
// is found by itself.
TEST(TenantsTest, ATwinChangesNothing) {
  TenantDatabase database;
  const std::vector<std::string> alone = OutcomesFor("tenant", database);
  database.ForEachTable(
      "string_agg(format('INSERT INTO %s (%s) SELECT %s FROM %1$s', relation, columns, twins), "
      "';') "
      "FILTER (WHERE relation::text NOT IN ('tenant', 'tenant_host'))");
  ExpectSame(OutcomesFor("tenant", database), alone);
}

// A stranger has nothing, and names what others have.
TEST(TenantsTest, AStrangerMeetsNothing) {
  TenantDatabase database;
  const std::vector<std::string> among_others = OutcomesFor("stranger", database);
  database.ForEachTable("'TRUNCATE ' || string_agg(relation::text, ', ')");
  ExpectSame(among_others, OutcomesFor("stranger", database));
}

}  // namespace
}  // namespace gatehouse::tests
