#include "tests/integration/event_log/event_log_fixture.h"

#include <chrono>
#include <utility>

#include "storage/event_log/sequencer_database.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/patient_database.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

constexpr char kInsert[] = R"sql(
  INSERT INTO gatehouse.event
    (tenant_id, event_id, type, outcome, actor_type, actor_id, actor_label, targets, ip_address, user_agent,
     request_id, trace_id, session_id, details, occurred_time, recorded_time, leaf_secret, leaf_hash)
  SELECT $1::uuid, $2::uuid, $3, 1, '', '', '', '[]', '', '', '', '', '', '{}', now(), now(), '', ''
)sql";

}  // namespace

Writer::Writer(const std::string& dsn) {
  auto connection = storage::postgres::admin::Connection::Open(dsn);
  EXPECT_THAT(connection, IsOk());
  connection_ = *std::move(connection);
}

void Writer::Execute(const std::string& sql) { ASSERT_THAT(connection_->Execute(sql), IsOk()); }

void Writer::Insert(const std::string& type, int count, const base::Uuid& tenant_id) {
  for (int i = 0; i < count; ++i) {
    const base::Uuid id = base::Uuid::MakeV7(base::SystemClock().Now());
    ASSERT_THAT(connection_->Query(kInsert, {tenant_id.ToString(), id.ToString(), type}), IsOk());
  }
}

void Writer::InsertWithId(const std::string& type, const base::Uuid& id) {
  ASSERT_THAT(connection_->Query(kInsert, {base::kDefaultTenantId.ToString(), id.ToString(), type}),
              IsOk());
}

void EventLogFixture::SetUp() {
  dsn_ = CreateMigratedDatabase();
  auto storage = service::StorageArea::Open(Config(), "secret", {&runner_.loop()});
  ASSERT_THAT(storage, IsOk());
  storage_ = *std::move(storage);
}

void EventLogFixture::TearDown() { storage_->Close(); }

storage::postgres::DatabaseConfig EventLogFixture::Config() {
  storage::postgres::DatabaseConfig config = PatientConfig(dsn_);
  config.max_backoff = std::chrono::milliseconds(100);
  return config;
}

std::unique_ptr<storage::postgres::Database> EventLogFixture::OpenSequencerDatabase() {
  auto database = storage::OpenSequencerDatabase(Config(), runner_.loop());
  EXPECT_THAT(database, IsOk());
  return *std::move(database);
}

storage::Event EventLogFixture::MakeEvent(const std::string& type) {
  return storage::MakeEvent(runner_.Context(), clock_.Now(), type, {});
}

absl::StatusOr<storage::SequencerPass> EventLogFixture::Pass(storage::Sequencer& sequencer,
                                                             int64_t max_events) {
  return runner_.Run<absl::StatusOr<storage::SequencerPass>>(
      [&] { return sequencer.RunPass(runner_.Context(), max_events); });
}

absl::StatusOr<storage::SequencerPass> EventLogFixture::Pass(int64_t max_events) {
  return Pass(storage_->sequencer, max_events);
}

int64_t EventLogFixture::PassAll(int64_t max_events) {
  int64_t ordered = 0;
  while (true) {
    const auto pass = Pass(max_events);
    EXPECT_THAT(pass, IsOk());
    if (!pass.ok() || pass->batches.empty()) return ordered;
    for (const storage::LogBatch& batch : pass->batches) ordered += batch.entries.size();
  }
}

absl::Status EventLogFixture::Append(storage::Event event) {
  return runner_.Run<absl::Status>(
      [&] { return storage_->events.Append(runner_.Context(), event); });
}

std::vector<storage::LoggedEvent> EventLogFixture::ReadAll(std::vector<std::string> types) {
  using RangeOr = absl::StatusOr<storage::EventLog::Range>;
  std::vector<storage::LoggedEvent> all;
  int64_t next = 1;
  while (true) {
    constexpr int kPage = 7;
    const RangeOr range = runner_.Run<RangeOr>([&] {
      return storage_->log.ReadRange(runner_.Context(), base::kDefaultTenantId, next, kPage, types);
    });
    EXPECT_THAT(range, IsOk());
    if (!range.ok() || range->last_index < next) return all;
    all.insert(all.end(), range->events.begin(), range->events.end());
    next = range->last_index + 1;
  }
}

std::string EventLogFixture::Order() {
  return Ask(
      "SELECT string_agg(coalesce(o.type, 'GAP'), ' ' ORDER BY i) FROM "
      "(SELECT generate_series(1, max(index)) AS i FROM gatehouse.event_order "
      " WHERE tenant_id = '00000000-0000-7000-8000-000000000001') s "
      "LEFT JOIN gatehouse.event_order o ON o.index = i "
      " AND o.tenant_id = '00000000-0000-7000-8000-000000000001'");
}

void EventLogFixture::ExpectDense() {
  const std::string written = Ask("SELECT count(*) FROM gatehouse.event");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event_order"), written);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e "
                "JOIN gatehouse.event_order o USING (tenant_id, event_id)"),
            written);
  EXPECT_EQ(Ask("SELECT coalesce(sum(size), 0) FROM gatehouse.event_log_head"), written);
  EXPECT_EQ(Ask("SELECT count(*) FROM (SELECT tenant_id, min(index) AS low, max(index) AS high, "
                "count(DISTINCT index) AS many FROM gatehouse.event_order GROUP BY tenant_id) t "
                "JOIN gatehouse.event_log_head h USING (tenant_id) "
                "WHERE low <> 1 OR high <> many OR high <> h.size"),
            "0");
}

std::string EventLogFixture::Ask(const std::string& sql) const { return AskSql(dsn_, sql); }

}  // namespace gatehouse::tests
