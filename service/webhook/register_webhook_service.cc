#include "service/webhook/register_webhook_service.h"

#include <string>
#include <utility>

#include "gatehouse/v1/webhook.pb.h"
#include "service/rpc/method_registry.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {
namespace {

template <typename Request, typename Response>
void Add(rpc::MethodRegistry& registry, WebhookService& service, const std::string& name,
         WebhookService::Result<Response> (WebhookService::*method)(base::CallContext, Request)) {
  registry.AddUnary<Request, Response>("/gatehouse.v1.WebhookService/" + name,
                                       [&service, method](base::CallContext ctx, Request request) {
                                         return (service.*method)(std::move(ctx),
                                                                  std::move(request));
                                       });
}

}  // namespace

void RegisterWebhookService(rpc::MethodRegistry& registry, WebhookService& service) {
  Add(registry, service, "CreateEndpoint", &WebhookService::CreateEndpoint);
  Add(registry, service, "GetEndpoint", &WebhookService::GetEndpoint);
  Add(registry, service, "ListEndpoints", &WebhookService::ListEndpoints);
  Add(registry, service, "UpdateEndpoint", &WebhookService::UpdateEndpoint);
  Add(registry, service, "DeleteEndpoint", &WebhookService::DeleteEndpoint);
  Add(registry, service, "PublishEvent", &WebhookService::PublishEvent);
  Add(registry, service, "ListDeliveries", &WebhookService::ListDeliveries);
}

}  // namespace gatehouse::service
