#include "service/main/area/service_area.h"

#include <utility>

#include "service/audit/register_audit_service.h"
#include "service/session/register_session_service.h"
#include "service/user/register_user_service.h"
#include "service/webhook/register_webhook_service.h"

namespace gatehouse::service {

ServiceArea::ServiceArea(Options options, StorageArea& storage, AuthArea& auth,
                         const base::Clock& clock)
    : once(storage.requests, options.secrets.token_pepper),
      page_tokens(options.secrets.token_pepper, clock),
      issuer(auth.access_tokens, auth.refresh_tokens),
      users({.users = storage.users,
             .roles = storage.roles,
             .api_keys = storage.api_keys,
             .events = storage.events,
             .once = once,
             .page_tokens = page_tokens,
             .hasher = auth.hasher,
             .authenticator = auth.authenticator,
             .clock = clock}),
      sessions({.sessions = storage.sessions,
                .threads = storage.threads,
                .users = storage.users,
                .failures = auth.login_failures,
                .hasher = auth.hasher,
                .authenticator = auth.authenticator,
                .keyring = auth.keyring,
                .issuer = issuer,
                .refresh_tokens = auth.refresh_tokens,
                .once = once,
                .page_tokens = page_tokens,
                .clock = clock},
               {.idle_ttl = options.config.auth.session_idle_ttl,
                .ttl = options.config.auth.session_ttl,
                .refresh_grace = options.config.auth.refresh_grace,
                .max_per_user = options.config.auth.max_sessions_per_user}),
      audit({.events = storage.events,
             .log = storage.log,
             .feed = storage.feed,
             .once = once,
             .page_tokens = page_tokens,
             .clock = clock},
            options.audit),
      webhooks(
          {.endpoints = storage.endpoints,
           .deliveries = storage.deliveries,
           .events = storage.events,
           .once = once,
           .page_tokens = page_tokens,
           .clock = clock,
           .on_endpoint_changed = std::move(options.on_endpoint_changed)},
          {.allow_http = options.config.webhook.allow_http, .guard = std::move(options.guard)}) {}

void ServiceArea::Register(rpc::MethodRegistry& registry) {
  RegisterUserService(registry, users);
  RegisterSessionService(registry, sessions);
  RegisterAuditService(registry, audit);
  RegisterWebhookService(registry, webhooks);
}

}  // namespace gatehouse::service
