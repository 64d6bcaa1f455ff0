#include "storage/postgres/client/database.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "storage/postgres/client/client_test_base.h"
#include "storage/postgres/client/sqlstate.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using base::Reason;
using base::Time;
using base::Uuid;
using tests::FailsWith;
using tests::IsOk;

class DatabaseTest : public ClientTest {
 protected:
  void SetUp() override {
    ClientTest::SetUp();
    DatabaseConfig config = Config();
    config.lanes_per_loop = 1;
    Open(config);
  }

  // What Postgres makes of `value`, in its words, and what comes back.
  template <typename T>
  void ExpectRoundTrip(const T& value, const std::string& cast_to_text) {
    const RowsOr rows = RunQuery({"", "SELECT $1, $1::text"}, Params::Of(value));
    ASSERT_THAT(rows, IsOk());
    ASSERT_EQ(rows->size(), 1u);
    EXPECT_EQ((*rows)[0].Get<T>(0), value);
    EXPECT_EQ((*rows)[0].Get<std::optional<std::string>>(1).value_or("NULL"), cast_to_text);
  }
};

const Uuid kId = *Uuid::Parse("0190a000-0000-7000-8000-00000000abcd");
const Time kTime = base::TimeFromMicros(1'700'000'000'123'456);

TEST_F(DatabaseTest, ScalarsRoundTrip) {
  ExpectRoundTrip(true, "true");
  ExpectRoundTrip(false, "false");
  ExpectRoundTrip(int32_t{-7}, "-7");
  ExpectRoundTrip(std::numeric_limits<int64_t>::min(), "-9223372036854775808");
  ExpectRoundTrip(-0.1, "-0.1");
  ExpectRoundTrip(std::string("x\u00e9'\"\\"), "x\u00e9'\"\\");
  ExpectRoundTrip(std::string(), "");
  ExpectRoundTrip(kId, kId.ToString());
  ExpectRoundTrip(Bytes{std::string("\0\xff z", 4)}, "\\x00ff207a");
  ExpectRoundTrip(Jsonb{R"({"a": [1, null]})"}, R"({"a": [1, null]})");
}

TEST_F(DatabaseTest, TimesRoundTrip) {
  Execute("ALTER DATABASE " + Ask("SELECT current_database()") + " SET timezone = 'UTC'");
  Open(Config());
  ExpectRoundTrip(kTime, "2023-11-14 22:13:20.123456+00");
  ExpectRoundTrip(base::TimeFromMicros(-1), "1969-12-31 23:59:59.999999+00");
  ExpectRoundTrip(Time::max(), "infinity");
  ExpectRoundTrip(Time::min(), "-infinity");
}

TEST_F(DatabaseTest, ArraysRoundTrip) {
  ExpectRoundTrip(std::vector<std::string>{"a", "", "b,\"c"}, R"({a,"","b,\"c"})");
  ExpectRoundTrip(std::vector<std::string>{}, "{}");
  ExpectRoundTrip(std::vector<Uuid>{kId, Uuid()},
                  "{" + kId.ToString() + ",00000000-0000-0000-0000-000000000000}");
  ExpectRoundTrip(std::vector<int64_t>{1, -2}, "{1,-2}");
  ExpectRoundTrip(std::vector<int32_t>{3}, "{3}");
  ExpectRoundTrip(std::vector<bool>{true, false}, "{t,f}");
  ExpectRoundTrip(std::vector<double>{1.5}, "{1.5}");
  ExpectRoundTrip(std::vector<Bytes>{{"\x01"}, {""}}, R"({"\\x01","\\x"})");
  ExpectRoundTrip(std::vector<Jsonb>{{"1"}, {"{}"}}, "{1,\"{}\"}");
  ExpectRoundTrip(std::vector<std::optional<std::string>>{"a", std::nullopt}, "{a,NULL}");
  ExpectRoundTrip(std::vector<std::optional<Uuid>>{std::nullopt, kId},
                  "{NULL," + kId.ToString() + "}");
  const RowsOr times = RunQuery({"", "SELECT $1 = ARRAY[to_timestamp(0)]"},
                                Params::Of(std::vector<Time>{base::TimeFromMicros(0)}));
  ASSERT_THAT(times, IsOk());
  EXPECT_TRUE((*times)[0].Get<bool>(0));
}

TEST_F(DatabaseTest, NullsRoundTripForEveryType) {
  ExpectRoundTrip(std::optional<bool>(), "NULL");
  ExpectRoundTrip(std::optional<int32_t>(), "NULL");
  ExpectRoundTrip(std::optional<int64_t>(), "NULL");
  ExpectRoundTrip(std::optional<double>(), "NULL");
  ExpectRoundTrip(std::optional<std::string>(), "NULL");
  ExpectRoundTrip(std::optional<Uuid>(), "NULL");
  ExpectRoundTrip(std::optional<Time>(), "NULL");
  ExpectRoundTrip(std::optional<Bytes>(), "NULL");
  ExpectRoundTrip(std::optional<Jsonb>(), "NULL");
  ExpectRoundTrip(std::optional<std::vector<std::string>>(), "NULL");
  ExpectRoundTrip(std::optional<int64_t>(5), "5");
  ExpectRoundTrip(std::optional<std::string>(""), "");
}

TEST_F(DatabaseTest, NarrowAndSpecialTypesWiden) {
  const RowsOr rows = RunQuery(
      {"",
       "SELECT 1::int2, 2::int4, 3::oid, '4'::xid8, '0/5'::pg_lsn, 1.5::float4, 'n'::name, "
       "'v'::varchar, '{\"a\":1}'::json"});
  ASSERT_THAT(rows, IsOk());
  const RowView row = (*rows)[0];
  for (int i = 0; i < 5; ++i) EXPECT_EQ(row.Get<int64_t>(i), i + 1);
  EXPECT_EQ(row.Get<double>(5), 1.5);
  EXPECT_EQ(row.Get<std::string>(6), "n");
  EXPECT_EQ(row.Get<std::string>(7), "v");
  EXPECT_EQ(row.Get<Jsonb>(8).value, "{\"a\":1}");
}

TEST_F(DatabaseTest, DecodingTheWrongTypeIsInternal) {
  const RowsOr rows = RunQuery({"", "SELECT 1, NULL::text, ARRAY[NULL, 'x']"});
  ASSERT_THAT(rows, IsOk());
  const RowView row = (*rows)[0];
  EXPECT_THROW(row.Get<std::string>(0), DecodeError);
  EXPECT_THROW(row.Get<bool>(0), DecodeError);
  EXPECT_THROW(row.Get<std::string>(1), DecodeError);
  EXPECT_THROW(row.Get<std::vector<std::string>>(2), DecodeError);
  EXPECT_THROW(row.Get<int32_t>(3), DecodeError);
  EXPECT_EQ(row.Get<int32_t>(0), 1);
  const auto decoded = rows->Decode([](RowView r) { return r.Get<Uuid>(0); });
  EXPECT_THAT(decoded, FailsWith(StatusCode::kInternal, Reason::kInternal));
  EXPECT_THAT(rows->DecodeOne([](RowView r) { return r.Get<int64_t>(0); }), IsOk());
}

TEST_F(DatabaseTest, NamedStatementsArePreparedOncePerLaneAndType) {
  constexpr Query kNamed{"test/named", "SELECT $1::text"};
  for (int i = 0; i < 20; ++i) {
    const RowsOr rows = RunQuery(kNamed, Params::Of(std::to_string(i)));
    ASSERT_THAT(rows, IsOk());
    EXPECT_EQ((*rows)[0].Get<std::string>(0), std::to_string(i));
  }
  EXPECT_EQ(database_->stats().prepares, 1u);
  EXPECT_EQ(database_->statements_sent(), 20u);
  ASSERT_THAT(RunQuery(kNamed, Params::Of(7)), IsOk());
  EXPECT_EQ(database_->stats().prepares, 2u);
}

TEST_F(DatabaseTest, AStatementIsPlannedOnce) {
  constexpr Query kArray{"test/array", "SELECT x FROM unnest($1::int8[]) x"};
  // More often than Postgres tries whether one plan for all is good enough.
  for (int i = 0; i < 8; ++i) {
    ASSERT_THAT(RunQuery(kArray, Params::Of(std::vector<int64_t>{i})), IsOk());
  }
  const RowsOr plans = RunQuery({"",
                                 "SELECT generic_plans, custom_plans FROM pg_prepared_statements "
                                 "WHERE statement ~ 'unnest'"});
  ASSERT_THAT(plans, IsOk());
  ASSERT_EQ(plans->size(), 1u);
  EXPECT_EQ((*plans)[0].Get<int64_t>(0), 8);
  EXPECT_EQ((*plans)[0].Get<int64_t>(1), 0);
}

TEST_F(DatabaseTest, ABatchIsOneRoundTripAndSeesItself) {
  Execute("CREATE TABLE t (x int PRIMARY KEY)");
  const uint64_t syncs = database_->stats().syncs;
  Batch batch;
  batch.Add({"", "INSERT INTO t SELECT generate_series(1, $1)"}, Params::Of(3));
  batch.Add({"", "UPDATE t SET x = x + 10 WHERE x < 3"});
  batch.Add({"", "SELECT x FROM t ORDER BY x"});
  const BatchOr results = RunBatch(batch);
  ASSERT_THAT(results, IsOk());
  ASSERT_EQ(results->size(), 3u);
  EXPECT_EQ((*results)[0].affected_rows(), 3);
  EXPECT_EQ((*results)[1].affected_rows(), 2);
  std::vector<int64_t> values;
  for (const RowView row : (*results)[2]) values.push_back(row.Get<int64_t>(0));
  EXPECT_EQ(values, (std::vector<int64_t>{3, 11, 12}));
  EXPECT_EQ(database_->stats().syncs, syncs + 1);
}

TEST_F(DatabaseTest, ABatchIsAtomic) {
  Execute("CREATE TABLE t (x int PRIMARY KEY)");
  Batch batch;
  batch.Add({"", "INSERT INTO t VALUES (1)"});
  batch.Add({"test/duplicate", "INSERT INTO t VALUES (2), (2)"});
  batch.Add({"test/third", "INSERT INTO t VALUES (3)"});
  const BatchOr results = RunBatch(batch);
  EXPECT_THAT(results, FailsWith(StatusCode::kAlreadyExists, Reason::kConflict));
  EXPECT_TRUE(IsUniqueViolation(results.status(), "t_pkey"));
  EXPECT_EQ(Ask("SELECT count(*) FROM t"), "0");
  // The third was never prepared: it still works afterwards.
  Batch third;
  third.Add({"test/third", "INSERT INTO t VALUES (3)"});
  EXPECT_THAT(RunBatch(third), IsOk());
}

TEST_F(DatabaseTest, AnErrorAtTheCommitFailsTheBatch) {
  Execute(
      "CREATE TABLE parent (id int PRIMARY KEY);"
      "CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
  Batch batch;
  batch.Add({"", "INSERT INTO child VALUES (1)"}).Add({"", "SELECT 1"});
  EXPECT_THAT(RunBatch(batch),
              FailsWith(StatusCode::kFailedPrecondition, Reason::kConstraintViolated));
  EXPECT_EQ(Ask("SELECT count(*) FROM child"), "0");
  EXPECT_THAT(RunQuery({"", "SELECT 1"}), IsOk());
  EXPECT_EQ(database_->stats().connections_lost, 0u);
}

TEST_F(DatabaseTest, RequireAbortsTheBatchWithItsReason) {
  Execute(
      "CREATE TABLE t (x int);"
      "CREATE SCHEMA gatehouse;"
      "CREATE FUNCTION gatehouse.require(ok boolean, reason text) RETURNS void LANGUAGE plpgsql AS "
      "$$BEGIN IF ok IS NOT TRUE THEN RAISE EXCEPTION USING ERRCODE = 'GH001', MESSAGE = reason; "
      "END IF; END$$");
  constexpr Query kRequire{"test/require", "SELECT gatehouse.require($1, $2)"};
  Batch batch;
  batch.Add({"", "INSERT INTO t VALUES (1)"});
  batch.Add(kRequire, Params::Of(false, "ETAG_MISMATCH"));
  EXPECT_THAT(RunBatch(batch), FailsWith(StatusCode::kAborted, Reason::kEtagMismatch));
  EXPECT_EQ(Ask("SELECT count(*) FROM t"), "0");
  EXPECT_THAT(RunQuery(kRequire, Params::Of(false, "USER_NOT_FOUND")),
              FailsWith(StatusCode::kNotFound, Reason::kUserNotFound));
  EXPECT_THAT(RunQuery(kRequire, Params::Of(false, "NO_SUCH_REASON")),
              FailsWith(StatusCode::kInternal, Reason::kInternal));
  EXPECT_THAT(RunQuery(kRequire, Params::Of(std::optional<bool>(), "USER_NOT_FOUND")),
              FailsWith(StatusCode::kNotFound, Reason::kUserNotFound));
  EXPECT_THAT(RunQuery(kRequire, Params::Of(true, "USER_NOT_FOUND")), IsOk());
}

TEST_F(DatabaseTest, APlanWhoseResultChangedIsPreparedAgain) {
  Execute("CREATE TABLE t (x int); INSERT INTO t VALUES (7)");
  constexpr Query kAll{"test/all", "SELECT * FROM t"};
  for (int i = 0; i < 4; ++i) ASSERT_THAT(RunQuery(kAll), IsOk());
  Execute("ALTER TABLE t ALTER x TYPE bigint, ADD y text DEFAULT 'new'");
  for (int i = 0; i < 4; ++i) {
    const RowsOr rows = RunQuery(kAll);
    ASSERT_THAT(rows, IsOk());
    EXPECT_EQ((*rows)[0].Get<std::string>(1), "new");
  }
  EXPECT_GE(database_->stats().retries, 1u);
  // The useless statement is gone from the server.
  const RowsOr left = RunQuery({"", "SELECT count(*) FROM pg_prepared_statements"});
  ASSERT_THAT(left, IsOk());
  EXPECT_EQ((*left)[0].Get<int64_t>(0), 1);
}

TEST_F(DatabaseTest, AFailedPrepareIsTriedAgainNextTime) {
  constexpr Query kLate{"test/late", "SELECT x FROM late"};
  EXPECT_THAT(RunQuery(kLate), FailsWith(StatusCode::kFailedPrecondition, Reason::kSchemaMismatch));
  Execute("CREATE TABLE late (x int)");
  EXPECT_THAT(RunQuery(kLate), IsOk());
}

TEST_F(DatabaseTest, WorksWithoutPreparedStatements) {
  DatabaseConfig config = Config();
  config.use_prepared_statements = false;
  Open(config);
  constexpr Query kNamed{"test/named", "SELECT $1::text"};
  for (int i = 0; i < 3; ++i) ASSERT_THAT(RunQuery(kNamed, Params::Of("a")), IsOk());
  EXPECT_EQ(database_->stats().prepares, 0u);
  const RowsOr rows =
      RunQuery({"test/count", "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ((*rows)[0].Get<int64_t>(0), 0);
}

TEST_F(DatabaseTest, SetsTheSession) {
  // What others have for a default is not what guards rely on.
  Execute("ALTER DATABASE " + Ask("SELECT current_database()") +
          " SET default_transaction_isolation = serializable");
  DatabaseConfig config = Config();
  config.search_path = "one, \"two three\"";
  config.statement_timeout = std::chrono::milliseconds(12345);
  Open(config);
  const RowsOr rows =
      RunQuery({"",
                "SELECT current_setting('search_path'), current_setting('statement_timeout'), "
                "current_setting('application_name'), current_setting('transaction_isolation')"});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ((*rows)[0].Get<std::string>(0), "one, \"two three\"");
  EXPECT_EQ((*rows)[0].Get<std::string>(1), "12345ms");
  EXPECT_EQ((*rows)[0].Get<std::string>(2), "client");
  EXPECT_EQ((*rows)[0].Get<std::string>(3), "read committed");
}

TEST_F(DatabaseTest, RefusesAStatementThatLeavesATransactionOpen) {
  EXPECT_THAT(RunQuery({"", "BEGIN"}), IsOk());
  const RowsOr rows = RunQuery({"", "SELECT 1"});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(database_->stats().connections_lost, 1u);
}

}  // namespace
}  // namespace gatehouse::storage::postgres
