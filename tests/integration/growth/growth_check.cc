#include "tests/integration/growth/growth_check.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/integration/growth/filled_database.h"

namespace gatehouse::tests {
namespace {

constexpr double kFactor = 1.2;
// Ten times as many rows make a B-tree one level deeper at most; and what is looked for may begin
// at the end of a leaf, and go on in the next one.
constexpr int64_t kPagesPerDescent = 2;
// The rows of a list begin anywhere in a page of their table as well.
constexpr int64_t kBegunPages = 1;
// The first run warms up caches. Of the others the cheapest counts: now and then one splits a
// page or extends a table.
constexpr int kRuns = 4;

// Since they were last sent off, which is never within a transaction: pages touched, and
// descents from the root of an index, by scans and by new entries.
constexpr char kCounters[] = R"sql(
  SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) || ' ' ||
         sum(CASE relkind WHEN 'i' THEN pg_stat_get_xact_numscans(oid)
             ELSE (pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid))
                  * (SELECT count(*) FROM pg_index WHERE indrelid = pg_class.oid) END)
  FROM pg_class WHERE relkind IN ('r', 'i', 't') AND oid >= 16384)sql";

// Near the beginning, in the middle and near the end. What the fill scripts make of a row
// depends on remainders of its number, which are the same for these.
std::vector<int64_t> RowsToTry(int64_t rows) {
  constexpr int64_t kStride = 2000;
  return {kStride + 1, rows / 2 / kStride * kStride + 1, (rows / kStride - 1) * kStride + 1};
}

struct Cost {
  int64_t pages = 0;
  int64_t descents = 0;
};

struct Measured {
  std::vector<Cost> at_rows;
  std::string plan;
};

// What the case costs at each of `rows`, with one plan for all parameters or one for each.
class Meter {
 public:
  explicit Meter(int64_t rows) : database_(rows) {}

  Measured Measure(const StatementCase& test, const std::vector<int64_t>& rows, bool generic) {
    const std::string mode = generic ? "force_generic_plan" : "force_custom_plan";
    database_.Run("SET plan_cache_mode = " + mode);
    database_.Run("PREPARE statement AS " + std::string(test.query.text));
    Measured measured;
    for (const int64_t row : rows) {
      const std::string execute = Execution(test, row);
      MeasureOnce(test.before, execute);
      Cost cheapest = MeasureOnce(test.before, execute);
      for (int run = 3; run <= kRuns; ++run) {
        const Cost cost = MeasureOnce(test.before, execute);
        if (cost.pages < cheapest.pages) cheapest = cost;
      }
      measured.at_rows.push_back(cheapest);
    }
    measured.plan = mode + "\n" + database_.Run("EXPLAIN " + Execution(test, rows.back()));
    database_.Run("DEALLOCATE statement");
    return measured;
  }

 private:
  Cost MeasureOnce(const std::string& before, const std::string& execute) {
    database_.Run("BEGIN");
    database_.Run(before);
    const Cost start = ReadCounters();
    database_.Run(execute);
    const Cost end = ReadCounters();
    database_.Run("ROLLBACK");
    return {.pages = end.pages - start.pages, .descents = end.descents - start.descents};
  }

  Cost ReadCounters() {
    Cost cost;
    std::istringstream(database_.Run(kCounters)) >> cost.pages >> cost.descents;
    return cost;
  }

  FilledDatabase database_;
};

// Every case with both kinds of plan. Postgres makes a plan for the parameters of the first
// five runs of a prepared statement and keeps one for all then if that promises to be no
// dearer, so a call may meet either.
std::vector<Measured> MeasureAll(const std::vector<StatementCase>& cases, int64_t rows) {
  Meter meter(rows);
  std::vector<Measured> all;
  for (const StatementCase& test : cases) {
    for (const bool generic : {false, true}) {
      all.push_back(meter.Measure(test, RowsToTry(rows), generic));
    }
  }
  return all;
}

}  // namespace

void ExpectNoGrowth(const std::vector<StatementCase>& cases, int64_t few, int64_t many) {
  const std::vector<Measured> before = MeasureAll(cases, few);
  const std::vector<Measured> after = MeasureAll(cases, many);
  const std::vector<int64_t> rows = RowsToTry(many);
  for (size_t i = 0; i < after.size(); ++i) {
    const StatementCase& test = cases[i / 2];
    for (size_t place = 0; place < rows.size(); ++place) {
      const Cost& cost = before[i].at_rows[place];
      EXPECT_LE(after[i].at_rows[place].pages,
                kFactor * cost.pages + kPagesPerDescent * cost.descents + kBegunPages)
          << "pages touched grew from " << cost.pages << ": " << test.query.name << "("
          << test.parameters << ") at row " << rows[place] << ", " << after[i].plan;
    }
  }
}

}  // namespace gatehouse::tests
