#include "tests/support/server/test_backend.h"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <utility>

#include "auth/api_key/api_key.h"
#include "auth/password/breached/breached_passwords.h"
#include "auth/signing_key/signing_key.h"
#include "base/system_context.h"
#include "base/text/unicode.h"
#include "tests/support/postgres/migrated_database.h"

namespace gatehouse::tests {
namespace {

// 2026-01-01T00:00:00Z.
constexpr int64_t kStartMicros = 1'767'225'600'000'000;

void MustBeOk(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "the test's backend: " << status << "\n";
  std::abort();
}

std::unique_ptr<service::StorageArea> OpenStorage(storage::postgres::DatabaseConfig config,
                                                  const std::string& dsn,
                                                  const service::config::Secrets& secrets,
                                                  base::Loop& loop) {
  config.dsn = dsn;
  auto area = service::StorageArea::Open(std::move(config), secrets.master_key, {&loop});
  MustBeOk(area.status());
  return *std::move(area);
}

std::unique_ptr<auth::BreachedPasswords> OpenBreached(const std::string& path) {
  if (path.empty()) return nullptr;
  auto opened = auth::BreachedPasswords::Open("auth.breached_passwords_file", path);
  MustBeOk(opened.status());
  return *std::move(opened);
}

}  // namespace

service::config::Config TestConfig() {
  service::config::Config config;
  // What passwords protect here is nothing.
  config.auth.argon2_memory_kib = 64;
  config.auth.argon2_iterations = 1;
  config.auth.argon2_parallelism = 1;
  config.auth.hash_threads = 1;
  // What is remembered stays good however slow the machine; tests of the bound set their own.
  config.auth.max_revocation_lag = std::chrono::hours(1);
  return config;
}

TestBackend::TestBackend(Options options)
    : options_(std::move(options)),
      secrets_({.master_key = kMasterKey, .token_pepper = "32 bytes that sign refresh token"}),
      clock(base::TimeFromMicros(kStartMicros)),
      dsn(options_.dsn.empty() ? CreateMigratedDatabase() : options_.dsn),
      storage(OpenStorage(options_.database, dsn, secrets_, runner.loop())),
      auth(options_.config.auth, secrets_, *storage, clock,
           OpenBreached(options_.config.auth.breached_passwords_file)),
      services({.config = options_.config,
                .secrets = secrets_,
                .guard = {},
                .on_endpoint_changed = options_.on_endpoint_changed,
                .send_webhook = options_.send_webhook,
                .check_backlog = options_.check_backlog,
                .tail = options_.tail,
                .webhooks = options_.webhooks},
               *storage, auth, clock) {
  const std::vector<auth::SigningKeyRow> keys = {
      auth::SigningKey::Generate(auth::SigningAlgorithm::kEs256, base::kDefaultTenantId,
                                 clock.Now(), clock.Now(), auth.keyring.sealing_keys())};
  MustBeOk(auth.keyring.Load(keys));
  if (!options_.stores_key) return;
  MustBeOk(runner.Run<absl::Status>([&] {
    return storage->signing_keys.Rotate(
        SystemContext(), {.tenant_id = base::kDefaultTenantId, .add = keys.front()}, Given());
  }));
}

TestBackend::~TestBackend() { storage->Close(); }

storage::Change TestBackend::Given() {
  return {.events = {storage::MakeEvent(SystemContext(), clock.Now(), "test.given", {})}};
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
      [&] { return storage->users.Create(SystemContext(), user, std::nullopt, Given()); }));
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
    return storage->sessions.Create(SystemContext(), session, epoch, std::nullopt, Given());
  }));
  const auto token = auth.access_tokens.Sign({.tenant_id = session.tenant_id,
                                              .user_id = user_id,
                                              .session_id = session.id,
                                              .user_epoch = epoch,
                                              .roles = {role},
                                              .amr = session.amr,
                                              .auth_time = now});
  MustBeOk(token.status());
  return {.id = user_id, .session_id = session.id, .credential = token->token};
}

TestBackend::Caller TestBackend::MakeApiKey(const std::vector<std::string>& permissions,
                                            const base::Uuid& tenant_id) {
  const auth::NewApiKey secret = auth::MakeApiKey(tenant_id);
  storage::ApiKey key{.tenant_id = tenant_id,
                      .id = base::Uuid::MakeV7(clock.Now()),
                      .display_name = "test",
                      .key_prefix = secret.prefix,
                      .permissions = permissions,
                      .create_time = clock.Now()};
  MustBeOk(runner.Run<absl::Status>(
      [&] { return storage->api_keys.Create(SystemContext(), key, secret.hash, Given()); }));
  return {.id = key.id, .session_id = {}, .credential = secret.key};
}

}  // namespace gatehouse::tests
