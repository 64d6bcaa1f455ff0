#include "service/main/area/service_area.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "migrations/schema_state.h"
#include "service/admin/register_admin_service.h"
#include "service/alert/register_alert_service.h"
#include "service/audit/register_audit_service.h"
#include "service/config/display_name.h"
#include "service/config/load_config.h"
#include "service/main/area/retention_options.h"
#include "service/main/mail_options.h"
#include "service/main/version.h"
#include "service/session/register_session_service.h"
#include "service/tenant/register_tenant_service.h"
#include "service/user/register_user_service.h"
#include "service/webhook/register_webhook_service.h"

namespace gatehouse::service {
namespace {

ServerFacts FactsOf(const ServiceArea::Options& options, const StorageArea& storage,
                    const base::Clock& clock) {
  return {.version = std::string(kVersion),
          .build = std::string(kBuild),
          .instance_id = storage.instance,
          .start_time = clock.Now(),
          .loops = static_cast<int32_t>(options.loops),
          .newest_schema_version = migrations::ExpectedSchemaVersion(),
          .settings = config::ShowSettings(options.config)};
}

}  // namespace

ServiceArea::ServiceArea(Options options, StorageArea& storage, AuthArea& auth,
                         const base::Clock& clock)
    : once(storage.requests, config::PeppersOf(options.secrets)),
      page_tokens(config::PeppersOf(options.secrets), clock),
      issuer(auth.access_tokens, auth.refresh_tokens),
      event_schemas(storage.event_types,
                    [&authenticator = auth.authenticator] {
                      // Both are learnt by the same follower.
                      return authenticator.RevocationsAreKnown();
                    }),
      mail_composer(ComposerOptionsOf(options.config.mail), config::KeysOf(options.secrets)),
      mail_requests(storage.mails, mail_composer, clock),
      users({.users = storage.users,
             .tokens = storage.one_time_tokens,
             .second_factors = storage.second_factors,
             .passkeys = storage.passkeys,
             .roles = storage.roles,
             .api_keys = storage.api_keys,
             .events = storage.events,
             .bulk = {.imports = storage.user_imports,
                      .purges = storage.user_purges,
                      .exports = storage.user_exports,
                      .sessions = storage.sessions,
                      .mails = storage.mails,
                      .log = storage.log},
             .once = once,
             .page_tokens = page_tokens,
             .token_codec = auth.one_time_tokens,
             .recovery_codes = auth.recovery_codes,
             .relying_party = auth.relying_party,
             .step_up = auth.step_up,
             .hasher = auth.hasher,
             .breached = auth.breached_passwords.get(),
             .password_history =
                 storage::UserStore::PasswordHistory{options.config.auth.password_history},
             .authenticator = auth.authenticator,
             .tenants = auth.tenants,
             .purge_after = options.config.retention.deleted_users,
             .clock = clock,
             .display_name = config::DisplayNameOf(options.config.auth),
             .mail_composer = mail_composer,
             .mail_requests = mail_requests}),
      sessions({.sessions = storage.sessions,
                .threads = storage.threads,
                .users = storage.users,
                .second_factors = storage.second_factors,
                .passkeys = storage.passkeys,
                .events = storage.events,
                .failures = auth.login_failures,
                .hasher = auth.hasher,
                .authenticator = auth.authenticator,
                .keyring = auth.keyring,
                .tenants = auth.tenants,
                .issuer = issuer,
                .access_tokens = auth.access_tokens,
                .log = storage.log,
                .feed = storage.feed,
                .refresh_tokens = auth.refresh_tokens,
                .challenges = auth.challenges,
                .recovery_codes = auth.recovery_codes,
                .relying_party = auth.relying_party,
                .device_tokens = auth.device_tokens,
                .once = once,
                .page_tokens = page_tokens,
                .clock = clock,
                .one_time_tokens = storage.one_time_tokens,
                .one_time_codec = auth.one_time_tokens,
                .mail_requests = mail_requests,
                .tenant_store = storage.tenants},
               {.idle_ttl = options.config.auth.session_idle_ttl,
                .ttl = options.config.auth.session_ttl,
                .refresh_grace = options.config.auth.refresh_grace,
                .max_per_user = options.config.auth.max_sessions_per_user,
                .remember_device = options.config.auth.remember_device}),
      audit({.events = storage.events,
             .log = storage.log,
             .feed = storage.feed,
             .once = once,
             .page_tokens = page_tokens,
             .clock = clock},
            options.tail),
      webhooks({.endpoints = storage.endpoints,
                .deliveries = storage.deliveries,
                .events = storage.events,
                .event_types = storage.event_types,
                .log = storage.log,
                .feed = storage.feed,
                .replays = storage.replays,
                .subscriptions = storage.subscriptions,
                .schemas = event_schemas,
                .once = once,
                .page_tokens = page_tokens,
                .clock = clock,
                .on_endpoint_changed = options.on_endpoint_changed,
                .send = std::move(options.send_webhook),
                .check_backlog = std::move(options.check_backlog)},
               {.allow_http = options.config.webhook.allow_http, .guard = std::move(options.guard)},
               options.webhooks),
      alerts({.alerts = storage.alerts,
              .tail = audit.tail(),
              .once = once,
              .page_tokens = page_tokens,
              .clock = clock,
              .destinations = storage.alert_destinations,
              .mail_composer = mail_composer}),
      admin({.server = storage.server,
             .signing_keys = storage.signing_keys,
             .events = storage.events,
             .authenticator = auth.authenticator,
             .keyring = auth.keyring,
             .tenants = auth.tenants,
             .rotation = auth.key_rotation,
             .event_schemas = event_schemas,
             .once = once,
             .clock = clock,
             .sequencer_problem = std::move(options.sequencer_problem),
             .read_endpoints = std::move(options.read_endpoints),
             .endpoint_cache = std::move(options.endpoint_cache),
             .retention = storage.retention,
             .retention_periods = RetentionPeriodsOf(options.config.retention)},
            FactsOf(options, storage, clock)),
      tenants(
          {.tenants = storage.tenants,
           .directory = auth.tenants,
           .rotation = auth.key_rotation,
           .token_codec = auth.one_time_tokens,
           .hasher = auth.hasher,
           .breached = auth.breached_passwords.get(),
           .once = once,
           .page_tokens = page_tokens,
           .clock = clock,
           .on_frozen = [changed = std::move(options.on_endpoint_changed)](
                            const base::Uuid& tenant_id) { changed(tenant_id, std::nullopt); }}) {}

void ServiceArea::Register(rpc::MethodRegistry& registry) {
  RegisterUserService(registry, users);
  RegisterSessionService(registry, sessions);
  RegisterAuditService(registry, audit);
  RegisterWebhookService(registry, webhooks);
  RegisterAlertService(registry, alerts);
  RegisterAdminService(registry, admin);
  RegisterTenantService(registry, tenants);
}

}  // namespace gatehouse::service
