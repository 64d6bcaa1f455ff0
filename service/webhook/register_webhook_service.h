#ifndef GATEHOUSE_SERVICE_WEBHOOK_REGISTER_WEBHOOK_SERVICE_H_
#define GATEHOUSE_SERVICE_WEBHOOK_REGISTER_WEBHOOK_SERVICE_H_

namespace gatehouse::rpc {
class MethodRegistry;
}  // namespace gatehouse::rpc

namespace gatehouse::service {
class WebhookService;

// Adds the methods of gatehouse.v1.WebhookService; `service` outlives `registry`.
void RegisterWebhookService(rpc::MethodRegistry& registry, WebhookService& service);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_REGISTER_WEBHOOK_SERVICE_H_
