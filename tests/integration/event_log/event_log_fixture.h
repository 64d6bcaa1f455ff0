#ifndef GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_EVENT_LOG_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_EVENT_LOG_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gtest/gtest.h"
#include "service/main/area/storage_area.h"
#include "storage/event.h"
#include "storage/event_log/event_log.h"
#include "storage/event_log/sequencer.h"
#include "storage/postgres/admin/connection.h"
#include "storage/postgres/client/database.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::tests {

// A transaction under the test's control, on a connection of its own.
class Writer {
 public:
  explicit Writer(const std::string& dsn);

  void Execute(const std::string& sql);
  void Begin() { Execute("BEGIN"); }
  void Commit() { Execute("COMMIT"); }
  void Rollback() { Execute("ROLLBACK"); }
  // Writes `count` events of that type.
  void Insert(const std::string& type, int count = 1,
              const base::Uuid& tenant_id = base::kDefaultTenantId);
  // Writes one event with that id.
  void InsertWithId(const std::string& type, const base::Uuid& id);

 private:
  std::unique_ptr<storage::postgres::admin::Connection> connection_;
};

// The event log on a fresh database, with nothing running: tests step the
// sequencer by hand.
class EventLogFixture : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  storage::postgres::DatabaseConfig Config();
  std::unique_ptr<storage::postgres::Database> OpenSequencerDatabase();
  storage::Event MakeEvent(const std::string& type);

  // On the runner's loop, waiting for the result.
  absl::StatusOr<storage::SequencerPass> Pass(int64_t max_events = 1000);
  absl::StatusOr<storage::SequencerPass> Pass(storage::Sequencer& sequencer, int64_t max_events);
  // Passes until one finds nothing; how many events they ordered.
  int64_t PassAll(int64_t max_events = 1000);
  absl::Status Append(storage::Event event);
  std::vector<storage::LoggedEvent> ReadAll(std::vector<std::string> types = {});

  // "type type ..." of the default tenant, by index; "GAP" where one is missing.
  std::string Order();
  // Every event has exactly one index, and each tenant's run from 1 to its head.
  void ExpectDense();
  std::string Ask(const std::string& sql) const;

  std::string dsn_;
  LoopRunner runner_;
  std::unique_ptr<service::StorageArea> storage_;
  const base::SystemClock clock_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_EVENT_LOG_FIXTURE_H_
