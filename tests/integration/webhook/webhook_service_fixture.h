#ifndef GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WEBHOOK_SERVICE_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WEBHOOK_SERVICE_FIXTURE_H_

#include <atomic>
#include <memory>

#include "base/uuid.h"
#include "rpc/method/method_registry.h"
#include "service/webhook/endpoint_rules.h"
#include "service/webhook/register_webhook_service.h"
#include "service/webhook/webhook_service.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint_store.h"
#include "tests/support/server/server_fixture.h"

namespace gatehouse::tests {

// A server with the WebhookService and no engine: deliveries are written by the tests.
class WebhookServiceFixture : public ServerFixture {
 protected:
  void AddServices(rpc::MethodRegistry& registry) override {
    TestBackend& b = backend();
    endpoints_ = std::make_unique<storage::EndpointStore>(*b.database, "master");
    deliveries_ = std::make_unique<storage::DeliveryStore>(*b.database);
    service_ = std::make_unique<service::WebhookService>(
        service::WebhookService::Deps{
            .endpoints = *endpoints_,
            .deliveries = *deliveries_,
            .events = b.events,
            .once = b.once,
            .page_tokens = b.page_tokens,
            .clock = b.clock,
            .on_endpoint_changed = [this](const base::Uuid&) { ++changes_; }},
        service::UrlPolicy());
    service::RegisterWebhookService(registry, *service_);
  }

  std::unique_ptr<storage::EndpointStore> endpoints_;
  std::unique_ptr<storage::DeliveryStore> deliveries_;
  std::unique_ptr<service::WebhookService> service_;
  // How often the engine would have been told of a changed endpoint. Counted by the server's loop.
  std::atomic<int> changes_ = 0;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WEBHOOK_SERVICE_FIXTURE_H_
