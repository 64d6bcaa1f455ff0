#include "service/webhook/register_webhook_service.h"

#include "gatehouse/v1/webhook.pb.h"
#include "rpc/method/service_methods.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {

void RegisterWebhookService(rpc::MethodRegistry& registry, WebhookService& service) {
  rpc::ServiceMethods methods(registry, service, "gatehouse.v1.WebhookService");
  methods.Add("CreateEndpoint", &WebhookService::CreateEndpoint);
  methods.Add("GetEndpoint", &WebhookService::GetEndpoint);
  methods.Add("ListEndpoints", &WebhookService::ListEndpoints);
  methods.Add("UpdateEndpoint", &WebhookService::UpdateEndpoint);
  methods.Add("DeleteEndpoint", &WebhookService::DeleteEndpoint);
  methods.Add("PublishEvent", &WebhookService::PublishEvent);
  methods.Add("ListDeliveries", &WebhookService::ListDeliveries);
}

}  // namespace gatehouse::service
