#include "tests/support/server/test_backend.h"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <utility>

#include "auth/api_key/api_key.h"
#include "auth/signing_key/signing_key.h"
#include "base/system_context.h"
#include "base/unicode.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/patient_database.h"

namespace gatehouse::tests {
namespace {

// 2026-01-01T00:00:00Z.
constexpr int64_t kStartMicros = 1'767'225'600'000'000;

// What a test begins with has no event, since tests count the events of what they do. A change
// cannot be made without one, but one whose events were taken has none left.
storage::Change WithoutEvent() {
  storage::Change change{.events = {storage::Event{}}};
  const storage::ChangeEvents taken = std::move(change.events);
  return change;
}

void MustBeOk(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "the test's backend: " << status << "\n";
  std::abort();
}

std::unique_ptr<storage::postgres::Database> OpenDatabase(const std::string& dsn, base::Loop& loop,
                                                          storage::LogSignal& log_signal) {
  storage::postgres::DatabaseConfig config = PatientConfig(dsn);
  config.on_announced = [&log_signal] { log_signal.Notify(); };
  auto database = storage::postgres::Database::Open(std::move(config), {&loop});
  MustBeOk(database.status());
  return *std::move(database);
}

}  // namespace

TestBackend::TestBackend()
    : clock(base::TimeFromMicros(kStartMicros)),
      dsn(CreateMigratedDatabase()),
      database(OpenDatabase(dsn, runner.loop(), log_signal)),
      requests(*database),
      users(*database),
      roles(*database),
      api_keys(*database),
      sessions(*database),
      events(*database, {&runner.loop()}),
      keyring(secret_, {}),
      access_tokens(keyring, clock, {.issuer = "gatehouse-test", .audience = "gatehouse-test"}),
      // The lowest costs there are: what they protect here is nothing.
      hasher({.params = {.memory_kib = 64, .passes = 1, .lanes = 1}, .threads = 1}),
      credentials(sessions, api_keys, clock),
      // What is remembered stays good however slow the machine; tests of the bound set their own.
      authenticator(access_tokens, credentials, clock,
                    {.max_revocation_lag = std::chrono::hours(1)}),
      once(requests, secret_),
      page_tokens(secret_, clock) {
  const std::vector<auth::SigningKeyRow> keys = {
      auth::SigningKey::Generate(auth::SigningAlgorithm::kEs256, base::kDefaultTenantId,
                                 clock.Now(), clock.Now(), keyring.master_key())};
  MustBeOk(keyring.Load(keys));
}

TestBackend::~TestBackend() {
  events.Close();
  database->Close();
}

base::CallContext TestBackend::SystemContext() {
  // Longer than any test.
  return base::SystemContext(runner.loop(), "test", std::chrono::hours(1));
}

TestBackend::Caller TestBackend::LogIn(const std::string& role) {
  const base::Time now = clock.Now();
  const base::Uuid id = base::Uuid::MakeV7(now);
  const std::string username = role + "-" + id.ToString();
  storage::User user{.tenant_id = base::kDefaultTenantId,
                     .id = id,
                     .username = username,
                     .username_key = *base::CaselessKey(username),
                     .role = role,
                     .create_time = now,
                     .update_time = now};
  MustBeOk(runner.Run<absl::Status>(
      [&] { return users.Create(SystemContext(), user, std::nullopt, WithoutEvent()); }));
  return LogInAs(id, role);
}

TestBackend::Caller TestBackend::LogInAs(const base::Uuid& user_id, const std::string& role,
                                         int64_t epoch) {
  const base::Time now = clock.Now();
  storage::Session session{.tenant_id = base::kDefaultTenantId,
                           .id = base::Uuid::MakeV7(now),
                           .user_id = user_id,
                           .rotate_time = now,
                           .amr = {"pwd"},
                           .auth_time = now,
                           .create_time = now,
                           .update_time = now,
                           .last_used_time = now,
                           .idle_expire_time = now + std::chrono::hours(24 * 30),
                           .expire_time = now + std::chrono::hours(24 * 30)};
  MustBeOk(runner.Run<absl::Status>([&] {
    return sessions.Create(SystemContext(), session, epoch, std::nullopt, WithoutEvent());
  }));
  const auto token = access_tokens.Sign({.tenant_id = session.tenant_id,
                                         .user_id = user_id,
                                         .session_id = session.id,
                                         .user_epoch = epoch,
                                         .roles = {role},
                                         .amr = session.amr,
                                         .auth_time = now});
  MustBeOk(token.status());
  return {.id = user_id, .session_id = session.id, .credential = token->token};
}

TestBackend::Caller TestBackend::MakeApiKey(const std::vector<std::string>& permissions) {
  const auth::NewApiKey secret = auth::MakeApiKey(base::kDefaultTenantId);
  storage::ApiKey key{.tenant_id = base::kDefaultTenantId,
                      .id = base::Uuid::MakeV7(clock.Now()),
                      .display_name = "test",
                      .key_prefix = secret.prefix,
                      .permissions = permissions,
                      .create_time = clock.Now()};
  MustBeOk(runner.Run<absl::Status>(
      [&] { return api_keys.Create(SystemContext(), key, secret.hash, WithoutEvent()); }));
  return {.id = key.id, .session_id = {}, .credential = secret.key};
}

}  // namespace gatehouse::tests
