#ifndef GATEHOUSE_TESTS_SUPPORT_SERVER_TEST_BACKEND_H_
#define GATEHOUSE_TESTS_SUPPORT_SERVER_TEST_BACKEND_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "auth/password/password_hasher.h"
#include "auth/signing_key/keyring.h"
#include "auth/token/access_token.h"
#include "auth/verdict/authenticator.h"
#include "auth/verdict/database_credential_store.h"
#include "base/call_context.h"
#include "base/manual_clock.h"
#include "base/uuid.h"
#include "service/common/idempotent.h"
#include "service/common/page_token.h"
#include "storage/api_key/api_key_store.h"
#include "storage/event_log/event_store.h"
#include "storage/log_signal.h"
#include "storage/postgres/client/database.h"
#include "storage/request/idempotency_store.h"
#include "storage/role/role_store.h"
#include "storage/session/session_store.h"
#include "storage/user/user_store.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::tests {

// What services stand on, over a database of its own: stores, authentication,
// a clock that stands still. Made for one test and thrown away with it.
//
// Thread: the test's. Coroutines run on runner.loop(), as those of a server do.
class TestBackend {
 public:
  // At 2026-01-01T00:00:00Z.
  TestBackend();
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
  Caller MakeApiKey(const std::vector<std::string>& permissions);

  // A context like that of a call, by the server itself.
  base::CallContext SystemContext();

  // The number of statements sent so far, and of round trips: statements of a
  // batch share one.
  uint64_t statements() const { return database->statements_sent(); }
  uint64_t round_trips() const { return database->stats().syncs; }

 private:
  // Declared first: everything else uses them.
  std::string secret_ = "a secret of this test, 32 bytes.";

 public:
  base::ManualClock clock;
  LoopRunner runner;
  const std::string dsn;
  storage::LogSignal log_signal;
  std::unique_ptr<storage::postgres::Database> database;
  storage::IdempotencyStore requests;
  storage::UserStore users;
  storage::RoleStore roles;
  storage::ApiKeyStore api_keys;
  storage::SessionStore sessions;
  storage::EventStore events;

  auth::Keyring keyring;
  auth::AccessTokenCodec access_tokens;
  auth::PasswordHasher hasher;
  auth::DatabaseCredentialStore credentials;
  auth::Authenticator authenticator;

  service::IdempotentCalls once;
  service::PageTokens page_tokens;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_SERVER_TEST_BACKEND_H_
