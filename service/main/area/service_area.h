#ifndef GATEHOUSE_SERVICE_MAIN_AREA_SERVICE_AREA_H_
#define GATEHOUSE_SERVICE_MAIN_AREA_SERVICE_AREA_H_

#include <cstddef>
#include <functional>
#include <string>

#include "base/time.h"
#include "base/uuid.h"
#include "rpc/method/method_registry.h"
#include "service/admin/admin_service.h"
#include "service/alert/alert_service.h"
#include "service/audit/audit_service.h"
#include "service/common/idempotent.h"
#include "service/common/log_tail.h"
#include "service/common/page_token.h"
#include "service/config/config.h"
#include "service/config/secrets.h"
#include "service/delivery/endpoint_cache_stats.h"
#include "service/delivery/http/address_guard.h"
#include "service/mail/outbox/mail_composer.h"
#include "service/mail/request/mail_request_queue.h"
#include "service/main/area/auth_area.h"
#include "service/main/area/storage_area.h"
#include "service/schema/event_schemas.h"
#include "service/session/session_service.h"
#include "service/session/token_issuer.h"
#include "service/tenant/tenant_service.h"
#include "service/user/user_service.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {

// The handlers of the services.
struct ServiceArea {
  struct Options {
    const config::Config& config;
    const config::Secrets& secrets;
    // Which addresses webhooks may have.
    delivery::AddressGuard guard;
    // Who delivers: see WebhookService::Deps.
    WebhookService::OnEndpointChangedFn on_endpoint_changed;
    WebhookService::SendFn send_webhook;
    WebhookService::CheckBacklogFn check_backlog = {};
    LogTail::Options tail = {};
    WebhookService::Options webhooks = {};
    // Threads that serve calls.
    size_t loops = 1;
    // Of the deliverer's memory: see AdminService::Deps.
    std::function<void()> read_endpoints = [] {};
    std::function<delivery::EndpointCacheStats()> endpoint_cache = [] {
      return delivery::EndpointCacheStats();
    };
    // See AdminService::Deps.
    std::function<std::string()> sequencer_problem = [] { return std::string(); };
  };

  ServiceArea(Options options, StorageArea& storage, AuthArea& auth, const base::Clock& clock);

  void Register(rpc::MethodRegistry& registry);

  IdempotentCalls once;
  PageTokens page_tokens;
  TokenIssuer issuer;
  EventSchemas event_schemas;
  mail::MailComposer mail_composer;
  mail::MailRequestQueue mail_requests;
  UserService users;
  SessionService sessions;
  AuditService audit;
  WebhookService webhooks;
  AlertService alerts;
  AdminService admin;
  TenantService tenants;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AREA_SERVICE_AREA_H_
