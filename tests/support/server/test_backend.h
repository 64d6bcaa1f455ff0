#ifndef GATEHOUSE_TESTS_SUPPORT_SERVER_TEST_BACKEND_H_
#define GATEHOUSE_TESTS_SUPPORT_SERVER_TEST_BACKEND_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/manual_clock.h"
#include "base/uuid.h"
#include "service/audit/audit_service.h"
#include "service/config/config.h"
#include "service/config/secrets.h"
#include "service/main/area/auth_area.h"
#include "service/main/area/service_area.h"
#include "service/main/area/storage_area.h"
#include "storage/change.h"
#include "storage/postgres/client/database.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/postgres/patient_database.h"

namespace gatehouse::tests {

// The lowest costs and the longest patience there are.
service::config::Config TestConfig();

// What a server is made of but for its workers and listeners: the areas of the program, over a
// database of its own, unless it is given one, and a clock that stands still. Made for one test and
// thrown away with it.
//
// Thread: the test's. Coroutines run on runner.loop(), as those of a server do.
class TestBackend {
 public:
  struct Options {
    service::config::Config config = TestConfig();
    // All but the DSN, which is that of `dsn`.
    storage::postgres::DatabaseConfig database = PatientConfig("");
    service::LogTail::Options tail = {};
    service::WebhookService::Options webhooks = {};
    service::WebhookService::OnEndpointChangedFn on_endpoint_changed = [](auto&&...) {};
    // For tests that make an engine.
    service::WebhookService::SendFn send_webhook = {};
    // For tests of back-pressure.
    service::WebhookService::CheckBacklogFn check_backlog = {};
    // The database of another one, which outlives this one: a second server of the same data, with
    // a clock of its own. Empty: a new one.
    std::string dsn = {};
    // The key that signs is in the database as well: for tests in which keys are read from there.
    bool stores_key = false;
  };

  static constexpr char kMasterKey[] = "a secret of this test, 32 bytes.";

  // At 2026-01-01T00:00:00Z, with a key that signs.
  TestBackend() : TestBackend(Options()) {}
  explicit TestBackend(Options options);
  ~TestBackend();

  // Somebody who can call.
  struct Caller {
    base::Uuid id;
    // The session of a user; nil for API keys.
    base::Uuid session_id;
    // For "authorization: Bearer".
    std::string credential;
  };

  // A new user with a session. Users made here have no password.
  Caller LogIn(const std::string& role);
  // Another session of a user; `epoch` as stored.
  Caller LogInAs(const base::Uuid& user_id, const std::string& role, int64_t epoch = 1);
  Caller MakeApiKey(const std::vector<std::string>& permissions,
                    const base::Uuid& tenant_id = base::kDefaultTenantId);

  // A context like that of a call, by the server itself.
  base::CallContext SystemContext();

  // The number of statements sent so far, and of round trips: statements of a
  // batch share one.
  uint64_t statements() const { return storage->database->statements_sent(); }
  uint64_t round_trips() const { return storage->database->stats().syncs; }

 private:
  // What a test begins with has an event like any other change, of a type of its own: tests
  // count the events of what they do.
  storage::Change Given();

  // Declared first: everything else uses them.
  const Options options_;
  const service::config::Secrets secrets_;

 public:
  base::ManualClock clock;
  LoopRunner runner;
  const std::string dsn;
  const std::unique_ptr<service::StorageArea> storage;
  service::AuthArea auth;
  service::ServiceArea services;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_SERVER_TEST_BACKEND_H_
