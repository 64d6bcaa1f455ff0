#ifndef GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WEBHOOK_SERVICE_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WEBHOOK_SERVICE_FIXTURE_H_

#include <atomic>

#include "base/uuid.h"
#include "tests/support/server/server_fixture.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {

// A server without an engine: deliveries are written by the tests.
class WebhookServiceFixture : public ServerFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    options.on_endpoint_changed = [this](auto&&...) { ++changes_; };
  }

  // May read and change endpoints. Unlike a session it lasts, whatever the clock says.
  const Caller& keeper() {
    if (keeper_.credential.empty()) {
      keeper_ = backend().MakeApiKey({"endpoints.read", "endpoints.write"});
    }
    return keeper_;
  }

  // How often the engine would have been told of a changed endpoint. Counted by the server's loop.
  std::atomic<int> changes_ = 0;

 private:
  Caller keeper_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WEBHOOK_SERVICE_FIXTURE_H_
