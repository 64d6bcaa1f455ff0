#include "service/webhook/register_webhook_service.h"

#include "gatehouse/v1/webhook.pb.h"
#include "rpc/method/service_methods.h"
#include "service/common/mutation_methods.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {

void RegisterWebhookService(rpc::MethodRegistry& registry, WebhookService& service) {
  rpc::ServiceMethods methods(registry, service, "gatehouse.v1.WebhookService");
  MutationMethods mutations(methods, service.once());
  mutations.Add("CreateEndpoint", Replay::kOnConflict, &WebhookService::CreateEndpoint);
  methods.Add("GetEndpoint", &WebhookService::GetEndpoint);
  methods.Add("ListEndpoints", &WebhookService::ListEndpoints);
  mutations.Add("UpdateEndpoint", Replay::kLookUpFirst, &WebhookService::UpdateEndpoint);
  mutations.Add("DeleteEndpoint", Replay::kLookUpFirst, &WebhookService::DeleteEndpoint);
  mutations.Add("PublishEvent", Replay::kOnConflict, &WebhookService::PublishEvent);
  methods.Add("ListDeliveries", &WebhookService::ListDeliveries);
}

}  // namespace gatehouse::service
