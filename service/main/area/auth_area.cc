#include "service/main/area/auth_area.h"

#include <utility>

#include "auth/signing_key/signing_key.h"

namespace gatehouse::service {
namespace {

// A key is kept until the last token it signed has died, with an allowance for
// clocks that differ.
auth::RotationPolicy PolicyOf(const config::AuthSettings& config) {
  auth::RotationPolicy policy;
  policy.retention = config.access_token_ttl + std::chrono::minutes(5);
  return policy;
}

auth::PasswordHasher::Options HasherOptionsOf(const config::AuthSettings& config) {
  return {.params = {.memory_kib = static_cast<uint32_t>(config.argon2_memory_kib),
                     .passes = static_cast<uint32_t>(config.argon2_iterations),
                     .lanes = static_cast<uint32_t>(config.argon2_parallelism)},
          .threads = static_cast<size_t>(config.hash_threads),
          .max_queued = static_cast<size_t>(config.hash_queue)};
}

auth::RateLimit LoginLimitOf(const config::AuthSettings& config) {
  return {.rate = static_cast<double>(config.login_failures_per_minute) / 60,
          .burst = static_cast<double>(config.login_failures_burst)};
}

}  // namespace

AuthArea::AuthArea(const config::AuthSettings& config, const config::Secrets& secrets,
                   StorageArea& storage, const base::Clock& clock,
                   std::unique_ptr<auth::BreachedPasswords> breached)
    : tenant_reader(storage.tenants, tenants),
      keyring(config::KeysOf(secrets), PolicyOf(config)),
      access_tokens(keyring, clock,
                    {.issuer = config.issuer,
                     .audience = config.audience,
                     .lifetime = config.access_token_ttl}),
      refresh_tokens(config::PeppersOf(secrets)),
      one_time_tokens(config::PeppersOf(secrets)),
      challenges(config::PeppersOf(secrets)),
      recovery_codes(config::PeppersOf(secrets)),
      device_tokens(config::PeppersOf(secrets)),
      relying_party(
          {.id = config.passkey_rp_id, .name = config.issuer, .origins = config.passkey_origins},
          config::PeppersOf(secrets)),
      step_up(clock, config.step_up_max_age),
      hasher(HasherOptionsOf(config)),
      breached_passwords(std::move(breached)),
      login_failures(storage.events, clock, {.limit = LoginLimitOf(config)}),
      credentials(storage.sessions, storage.api_keys, clock),
      authenticator(access_tokens, credentials, clock,
                    {.max_revocation_lag = config.max_revocation_lag}),
      key_rotation(storage.signing_keys, keyring, tenants, clock,
                   // The setting takes nothing else.
                   *auth::SigningAlgorithmFromName(config.signing_algorithm)) {}

}  // namespace gatehouse::service
