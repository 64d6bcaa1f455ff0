#include "service/main/area/auth_area.h"

#include <algorithm>
#include <chrono>
#include <ratio>
#include <utility>

#include "auth/password/argon2id.h"
#include "auth/password/argon2id_calibration.h"
#include "auth/signing_key/signing_key.h"
#include "base/log_line.h"
#include "service/config/display_name.h"

namespace gatehouse::service {
namespace {

// A key is kept until the last token it signed has died, with an allowance for
// clocks that differ.
auth::RotationPolicy PolicyOf(const config::AuthSettings& config) {
  auth::RotationPolicy policy;
  policy.retention = config.access_token_ttl + std::chrono::minutes(5);
  return policy;
}

auth::Argon2idParams ParamsOf(const config::AuthSettings& config) {
  return {.memory_kib = static_cast<uint32_t>(config.argon2_memory_kib),
          .passes = static_cast<uint32_t>(config.argon2_iterations),
          .lanes = static_cast<uint32_t>(config.argon2_parallelism)};
}

// The costs of hashes on this machine; blocks while it measures.
auth::Argon2idCalibration Calibrate(const config::AuthSettings& config) {
  // What is measured may not come to be less than OWASP's first choice.
  constexpr auth::Argon2idParams kLeast;
  auth::Argon2idParams least = ParamsOf(config);
  least.memory_kib = std::max(least.memory_kib, kLeast.memory_kib);
  least.passes = std::max(least.passes, kLeast.passes);
  auth::Argon2idCalibration found = auth::CalibrateArgon2id(
      config.argon2_target, least, static_cast<uint32_t>(config.argon2_max_memory_kib));
  const bool met = found.time <= config.argon2_target;
  base::LogLine(met ? base::LogLevel::kInfo : base::LogLevel::kWarning,
                met ? "the costs of password hashes were measured"
                    : "the least costs of a password hash take longer than auth.argon2_target_ms",
                {{"memory_kib", found.params.memory_kib},
                 {"iterations", found.params.passes},
                 {"parallelism", found.params.lanes},
                 {"time_ms", std::chrono::duration<double, std::milli>(found.time).count()},
                 {"target_ms", config.argon2_target.count()}});
  return found;
}

auth::PasswordHasher::Options HasherOptionsOf(const config::AuthSettings& config) {
  auth::PasswordHasher::Options options{.params = ParamsOf(config),
                                        .threads = static_cast<size_t>(config.hash_threads),
                                        .max_queued = static_cast<size_t>(config.hash_queue)};
  if (config.argon2_target.count() == 0) return options;
  auth::Argon2idCalibration found = Calibrate(config);
  options.params = found.params;
  options.as_good = std::move(found.neighbours);
  return options;
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
      relying_party({.id = config.passkey_rp_id,
                     .name = config::DisplayNameOf(config),
                     .origins = config.passkey_origins},
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
