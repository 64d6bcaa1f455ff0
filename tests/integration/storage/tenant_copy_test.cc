// A copy of everything that a tenant has, table by table.

#include "storage/tenant_move/tenant_copy.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/text/encoding.h"
#include "base/uuid.h"
#include "storage/postgres/admin/connection.h"
#include "storage/sealing_keys.h"
#include "storage/tenant_move/sealed_columns.h"
#include "storage/tenant_move/tenant_move.h"
#include "storage/tenant_move/tenant_tables.h"
#include "tests/integration/growth/filled_database.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using storage::SealedColumn;
using storage::SealingKeys;
using storage::TenantCopyResult;
using storage::TenantMove;
using storage::TenantMoveStep;
using storage::postgres::admin::Connection;

constexpr int64_t kRows = 1'000;
constexpr char kOldKey[] = "the key of the source, 32 bytes.";
constexpr char kNewKey[] = "the key of the target, 32 bytes.";
constexpr char kMover[] = "00000000-0000-7000-8000-000000000002";

// All that the default tenant has is another tenant's as well, by the same ids, frozen.
constexpr char kTwins[] = R"sql(
  SELECT string_agg(format('INSERT INTO %s (%s) SELECT %s FROM %1$s', relation, columns, twins), ';')
  FROM (
    SELECT attrelid::regclass AS relation, string_agg(quote_ident(attname), ', ') AS columns,
           string_agg(CASE
             WHEN attname = 'tenant_id' THEN '''00000000-0000-7000-8000-000000000002'''
             WHEN attrelid = 'gatehouse.tenant'::regclass AND attname = 'name' THEN '''mover'''
             WHEN attrelid = 'gatehouse.tenant'::regclass AND attname = 'state' THEN '2'
             WHEN attname = 'host_name' THEN '''mover.'' || host_name'
             ELSE quote_ident(attname) END, ', ') AS twins
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'gatehouse'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY attrelid HAVING bool_or(attname = 'tenant_id')
  ) AS tables)sql";

// name=rows for each table that has a tenant_id.
constexpr char kCountAll[] = R"sql(
  SELECT string_agg(format('SELECT %L || ''='' || count(*) FROM %s WHERE tenant_id = %L', relname, oid::regclass,
                           '00000000-0000-7000-8000-000000000002'), ' UNION ALL ' ORDER BY relname)
  FROM pg_class
  WHERE relnamespace = 'gatehouse'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname <> 'tenant_move'
    AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'tenant_id'))sql";

std::string Ask(Connection& connection, const std::string& sql) {
  const absl::StatusOr<Connection::Rows> rows = connection.Execute(sql);
  EXPECT_THAT(rows, IsOk()) << sql.substr(0, 200);
  std::string text;
  for (const Connection::Row& row : rows.value_or(Connection::Rows())) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", row[0].value_or(""));
  }
  return text;
}

class TenantCopyTest : public testing::Test {
 protected:
  TenantCopyTest() : source_(kRows), target_dsn_(CreateMigratedDatabase()) {
    const std::string twins = source_.Run(kTwins);
    // No trigger looks at what is there already.
    source_.Run("SET session_replication_role = replica");
    source_.Run(twins);
    source_.Run("SET session_replication_role = origin");
    source_.Run(
        absl::StrCat("INSERT INTO gatehouse.tenant_host VALUES ('mover.example', '", kMover, "')"));
    // Endpoints of all that there can be.
    source_.Run(
        "UPDATE gatehouse.endpoint SET client_key = '\\x00', key_pairs = ARRAY['\\x00'::bytea], "
        "key_pair_ids = ARRAY[endpoint_id], key_pair_create_times = ARRAY[create_time], "
        "key_pair_expire_times = ARRAY['infinity'::timestamptz]");
    SealAll(kOldKey);
    // Connections are of no use any more after a copy that failed.
    target_ = *Connection::Open(target_dsn_);
  }

  // What the filled database has is no secret of anybody.
  void SealAll(const std::string& key) {
    for (const SealedColumn& sealed : storage::SealedColumns()) {
      Connection& connection = source_.connection();
      const auto ids = connection.Query(
          absl::StrCat("SELECT ", sealed.id, "::text FROM gatehouse.", sealed.table,
                       " WHERE tenant_id = $1::uuid AND ", sealed.column, " IS NOT NULL"),
          {kMover});
      ASSERT_THAT(ids, IsOk());
      for (const Connection::Row& row : *ids) {
        const std::string value =
            base::HexEncode(KeyFor(sealed, key).Seal(sealed.context(mover_, *row[0]), "secret"));
        ASSERT_THAT(connection.Query(
                        absl::StrCat("UPDATE gatehouse.", sealed.table, " SET ", sealed.column,
                                     " = ", sealed.is_array ? "ARRAY[" : "", "decode($1, 'hex')",
                                     sealed.is_array ? "]" : "", " WHERE tenant_id = $2::uuid AND ",
                                     sealed.id, " = $3::", sealed.id_type),
                        {value, kMover, *row[0]}),
                    IsOk())
            << sealed.table << "." << sealed.column;
      }
    }
  }

  static SealingKeys KeyFor(const SealedColumn& sealed, const std::string& key) {
    const SealingKeys keys(key);
    return sealed.key_info.empty() ? keys : keys.Derive(sealed.key_info);
  }

  absl::StatusOr<TenantCopyResult> Copy(const SealingKeys& keys = {kNewKey, kOldKey}) {
    const absl::Status days = storage::MakeDays(source_.connection(), *target_, mover_);
    EXPECT_THAT(days, IsOk());
    const TenantMove move{.tenant_id = mover_,
                          .move_id = mover_,
                          .is_source = false,
                          .peer = "source",
                          .destination = "",
                          .step = TenantMoveStep::kCopied};
    return storage::CopyTenant(source_.connection(), *target_, move, keys,
                               [](const std::string&, int64_t, int64_t) {});
  }

  std::string Counts(Connection& connection) { return Ask(connection, Ask(connection, kCountAll)); }

  // The values of a column of the target.
  void ExpectSealedBy(const std::string& key, const SealedColumn& sealed) {
    const auto rows = target_->Query(
        absl::StrCat("SELECT ", sealed.id, "::text, encode(value, 'hex') FROM gatehouse.",
                     sealed.table, ", unnest(", sealed.is_array ? "" : "ARRAY[", sealed.column,
                     sealed.is_array ? "" : "]",
                     ") value WHERE tenant_id = $1::uuid AND value IS "
                     "NOT NULL"),
        {kMover});
    ASSERT_THAT(rows, IsOk());
    for (const Connection::Row& row : *rows) {
      EXPECT_EQ(
          KeyFor(sealed, key).Open(sealed.context(mover_, *row[0]), *base::HexDecode(*row[1])),
          "secret")
          << sealed.table << "." << sealed.column;
    }
  }

  const base::Uuid mover_ = *base::Uuid::Parse(kMover);
  FilledDatabase source_;
  const std::string target_dsn_;
  std::unique_ptr<Connection> target_;
};

TEST_F(TenantCopyTest, EveryTableGoesAlong) {
  const std::string before = Counts(source_.connection());
  const absl::StatusOr<TenantCopyResult> copied = Copy();
  ASSERT_THAT(copied, IsOk());
  EXPECT_EQ(Counts(*target_), before);
  // By the catalogue, not by what was copied.
  EXPECT_EQ(copied->tables.size(),
            std::stoul(Ask(*target_, absl::StrCat("SELECT count(*) FROM (",
                                                  Ask(*target_, kCountAll), ") AS tables"))));
  EXPECT_GT(copied->resealed, 0);
  EXPECT_EQ(copied->head.size, kRows);
  // What is the database's own stayed behind.
  EXPECT_EQ(Ask(*target_, "SELECT count(*) FROM gatehouse.event WHERE xid <> '0'"), "0");
  EXPECT_EQ(Ask(*target_,
                "SELECT count(*) FROM gatehouse.endpoint_delivery WHERE owner IS NOT NULL OR "
                "lease_until IS NOT NULL OR NOT behind"),
            "0");
  EXPECT_EQ(Ask(*target_, "SELECT count(*) FROM gatehouse.mail WHERE lease_until IS NOT NULL"),
            "0");
  // Nobody else came along.
  EXPECT_EQ(Ask(*target_, "SELECT count(*) FROM gatehouse.user_account WHERE tenant_id <> '" +
                              std::string(kMover) + "'"),
            "0");
  EXPECT_EQ(Ask(*target_, "SELECT step FROM gatehouse.tenant_move"), "3");
}

TEST_F(TenantCopyTest, WhatIsSealedIsSealedUnderTheKeyOfTheTarget) {
  ASSERT_THAT(Copy(), IsOk());
  for (const SealedColumn& sealed : storage::SealedColumns()) ExpectSealedBy(kNewKey, sealed);
}

TEST_F(TenantCopyTest, UnderOneKeyNothingIsSealedAnew) {
  const absl::StatusOr<TenantCopyResult> copied = Copy({kOldKey, kOldKey});
  ASSERT_THAT(copied, IsOk());
  EXPECT_EQ(copied->resealed, 0);
  for (const SealedColumn& sealed : storage::SealedColumns()) ExpectSealedBy(kOldKey, sealed);
}

TEST_F(TenantCopyTest, OfASecretThatDoesNotOpenNothingIsCopied) {
  EXPECT_THAT(Copy({kNewKey, "another key that is of 32 bytes."}),
              HasCode(absl::StatusCode::kInternal));
  target_ = *Connection::Open(target_dsn_);
  EXPECT_EQ(Ask(*target_, "SELECT count(*) FROM gatehouse.event"), "0");
  EXPECT_EQ(Ask(*target_, "SELECT count(*) FROM gatehouse.tenant_move"), "0");
}

TEST_F(TenantCopyTest, WhatTheTargetRefusesLeavesNothing) {
  Ask(*target_, "INSERT INTO gatehouse.tenant_host VALUES ('mover.example', gen_random_uuid())");
  const absl::Status refused = Copy().status();
  EXPECT_THAT(refused, HasCode(absl::StatusCode::kInternal));
  EXPECT_NE(refused.message().find("tenant_host"), std::string::npos);
  target_ = *Connection::Open(target_dsn_);
  EXPECT_EQ(Ask(*target_, "SELECT count(*) FROM gatehouse.event"), "0");
}

TEST_F(TenantCopyTest, ATenantThatTakesCallsIsNotCopied) {
  source_.Run(
      absl::StrCat("UPDATE gatehouse.tenant SET state = 1 WHERE tenant_id = '", kMover, "'"));
  EXPECT_THAT(Copy(), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST_F(TenantCopyTest, ALogWithAGapIsNotCopied) {
  source_.Run(absl::StrCat("DELETE FROM gatehouse.event_order WHERE index = 7 AND tenant_id = '",
                           kMover, "'"));
  EXPECT_THAT(Copy(), HasCode(absl::StatusCode::kInternal));
}

TEST_F(TenantCopyTest, AnEventThatIsNotWhatTheLogSaysIsNotCopied) {
  source_.Run(absl::StrCat("UPDATE gatehouse.event SET leaf_hash = '\\x00' WHERE tenant_id = '",
                           kMover, "' AND event_id = (SELECT event_id FROM gatehouse.event_order ",
                           "WHERE tenant_id = '", kMover, "' AND index = 7)"));
  EXPECT_THAT(Copy(), HasCode(absl::StatusCode::kInternal));
}

// Days at the target that are over, or gone, take what moves in and nothing else.
TEST_F(TenantCopyTest, DaysThatAreOverTakeWhatMovesIn) {
  ASSERT_THAT(storage::MakeDays(source_.connection(), *target_, mover_), IsOk());
  while (Ask(*target_, "SELECT gatehouse.seal_event_day(current_date)") == "t") {
  }
  EXPECT_NE(Ask(*target_, "SELECT count(*) FROM gatehouse.partition_days('event') WHERE sealed"),
            "0");
  Ask(*target_, "UPDATE gatehouse.event_cut SET kept_from = gatehouse.first_id_of('2026-01-07')");
  Ask(*target_, "DROP TABLE gatehouse.event_20260105");
  ASSERT_THAT(Copy(), IsOk());
  const auto other = target_->Execute(
      "INSERT INTO gatehouse.event SELECT '00000000-0000-7000-8000-000000000003', event_id, xid, "
      "type, outcome, actor_type, actor_id, actor_label, targets, ip_address, user_agent, "
      "request_id, trace_id, session_id, details, occurred_time, recorded_time, leaf_secret, "
      "leaf_hash, has_envelope FROM gatehouse.event LIMIT 1");
  EXPECT_FALSE(other.ok());
  EXPECT_NE(other.status().message().find("CLOCK_BEHIND"), std::string::npos);
}

// Endpoints of which deliverers of the source have not looked through all of the log go on from
// where they are, though those of the target do not know them yet when they see it.
TEST_F(TenantCopyTest, WhatWasNotMatchedYetEachEndpointLooksThrough) {
  const std::string of_mover = absl::StrCat(" WHERE tenant_id = '", kMover, "'");
  source_.Run("UPDATE gatehouse.webhook_fanout SET position = 900" + of_mover);
  source_.Run("UPDATE gatehouse.endpoint_delivery SET position = 300, behind = false" + of_mover);
  source_.Run("UPDATE gatehouse.endpoint_delivery SET position = 200, behind = true" + of_mover +
              " AND endpoint_id = sample.endpoint_id(1)");
  source_.Run(
      "UPDATE gatehouse.endpoint_delivery SET created_event_id = (SELECT event_id FROM "
      "gatehouse.event_order" +
      of_mover + " AND index = 950)" + of_mover + " AND endpoint_id = sample.endpoint_id(2)");
  ASSERT_THAT(Copy(), IsOk());
  const auto position = [&](int endpoint) {
    return Ask(
        *target_,
        absl::StrCat("SELECT position || ' ' || behind FROM "
                     "gatehouse.endpoint_delivery WHERE endpoint_id = '",
                     source_.Run(absl::StrCat("SELECT sample.endpoint_id(", endpoint, ")")), "'"));
  };
  EXPECT_EQ(position(1), "200 true");
  EXPECT_EQ(position(2), "950 true");
  EXPECT_EQ(position(3), "900 true");
  EXPECT_EQ(Ask(*target_, "SELECT position FROM gatehouse.webhook_fanout"), "1000");
}

TEST_F(TenantCopyTest, WhatIsDeletedAtTheSourceIsAllButWhereItWent) {
  const std::string others = Ask(source_.connection(), "SELECT count(*) FROM gatehouse.event");
  ASSERT_THAT(storage::DeleteMovedRows(source_.connection(), mover_,
                                       [](const std::string&, int64_t, int64_t) {}),
              IsOk());
  const std::string counts = Counts(source_.connection());
  for (const std::string& line : std::vector<std::string>{"tenant=1", "tenant_host=1"}) {
    EXPECT_NE(counts.find(line), std::string::npos) << counts;
  }
  EXPECT_EQ(Ask(source_.connection(),
                absl::StrCat("SELECT count(*) FROM (", Ask(source_.connection(), kCountAll),
                             ") AS t (line) WHERE line !~ '=0$'")),
            "2");
  EXPECT_EQ(std::stoi(others), 2 * kRows);
  EXPECT_EQ(Ask(source_.connection(), "SELECT count(*) FROM gatehouse.event"), absl::StrCat(kRows));
}

// What a new migration adds has to be looked at here: does it hold something that is sealed, or
// that is of this database alone?
TEST(TenantTablesTest, EveryColumnIsKnownForWhatItIs) {
  const auto connection = *Connection::Open(CreateMigratedDatabase());
  // Bytes that are no secrets: hashes, public keys, answers, and what an event's leaf is made of.
  std::set<std::string> bytes = {
      "api_key.former_key_hash",   "api_key.key_hash",        "endpoint_delivery.recent",
      "event.leaf_hash",           "event.leaf_secret",       "event_order.leaf_hash",
      "one_time_token.token_hash", "passkey.credential_id",   "passkey.public_key",
      "passkey_challenge.nonce",   "recovery_code.code_hash", "remembered_device.token_hash",
      "request.request_hash",      "request.response",        "signing_key.public_key"};
  for (const SealedColumn& sealed : storage::SealedColumns()) {
    bytes.insert(absl::StrCat(sealed.table, ".", sealed.column));
  }
  std::set<std::string> replaced;
  for (const storage::ReplacedColumn& column : storage::ReplacedColumns()) {
    replaced.insert(absl::StrCat(column.table, ".", column.column));
  }
  const auto columns = connection->Execute(
      "SELECT c.relname || '.' || a.attname, a.atttypid::regtype, a.attname FROM pg_class c "
      "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
      "WHERE c.relnamespace = 'gatehouse'::regnamespace AND c.relkind IN ('r', 'p') "
      "AND NOT c.relispartition AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid "
      "AND t.attname = 'tenant_id')");
  ASSERT_THAT(columns, IsOk());
  std::set<std::string> found;
  for (const Connection::Row& row : *columns) {
    const std::string& column = *row[0];
    const std::string& type = *row[1];
    found.insert(column);
    if (type.starts_with("bytea")) {
      EXPECT_TRUE(bytes.contains(column))
          << column << ": sealed (storage/tenant_move/sealed_columns.cc), or known here as not";
    }
    const bool of_database = type == "xid8" || type == "xid" || type == "pg_snapshot" ||
                             type == "pg_lsn" || type == "oid" || type == "regclass" ||
                             *row[2] == "owner" || *row[2] == "lease_until";
    if (of_database) {
      EXPECT_TRUE(replaced.contains(column)) << column << ": in the target it means something else "
                                             << "(storage/tenant_move/tenant_tables.cc)";
    }
  }
  for (const std::string& column : replaced) EXPECT_TRUE(found.contains(column)) << column;
  for (const std::string& column : bytes) EXPECT_TRUE(found.contains(column)) << column;
}

// What has no tenant_id is of the installation: nothing of a tenant may be in there.
TEST(TenantTablesTest, EveryOtherTableIsOfTheInstallation) {
  const auto connection = *Connection::Open(CreateMigratedDatabase());
  EXPECT_EQ(Ask(*connection,
                "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class c "
                "WHERE relnamespace = 'gatehouse'::regnamespace AND relkind IN ('r', 'p') "
                "AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid "
                "AND a.attname = 'tenant_id')"),
            "deliverer event_cut schema_migration schema_migration_history sequencer");
}

}  // namespace
}  // namespace gatehouse::tests
