// /readyz says whether calls get through as far as handlers. That it follows the database is tested
// in tests/e2e/serve_test.py, and that connections are accepted in descriptors_test.py there.

#include <civetweb.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "gatehouse/test/echo.pb.h"
#include "rpc/method/method_registry.h"
#include "service/config/config.h"
#include "service/main/area/serving_area.h"
#include "tests/support/grpc_client.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {
namespace {

using test::EchoRequest;
using test::EchoResponse;

constexpr char kHang[] = "/gatehouse.test.BareService/WithoutOption";

// Blocks the thread of its loop, as no handler may.
base::Task<absl::StatusOr<EchoResponse>> Hang(std::promise<void>* began,
                                              std::shared_future<void> released) {
  began->set_value();
  released.wait();
  co_return EchoResponse();
}

class ReadinessTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.grpc.address = "127.0.0.1:0";
    config_.http.address = "127.0.0.1:0";
    auto serving = service::ServingArea::Start(
        {.config = config_,
         .clock = clock_,
         .loops = {&backend_.runner.loop()},
         .metrics = metrics_,
         .extra_methods = [this](rpc::MethodRegistry& registry) { AddHang(registry); }},
        *backend_.storage, backend_.auth, backend_.services);
    ASSERT_TRUE(serving.ok()) << serving.status();
    serving_ = *std::move(serving);
  }

  void TearDown() override {
    Release();
    if (serving_ != nullptr) serving_->Stop();
    serving_.reset();
  }

  // The status of a GET.
  int Get(const char* path) const {
    const std::string address = serving_->http_address();
    std::array<char, 256> error = {};
    mg_connection* const connection =
        mg_download("127.0.0.1", std::stoi(address.substr(address.rfind(':') + 1)), 0, error.data(),
                    error.size(), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    if (connection == nullptr) {
      ADD_FAILURE() << error.data();
      return 0;
    }
    const int status = mg_get_response_info(connection)->status_code;
    mg_close_connection(connection);
    return status;
  }

  // A call whose handler blocks the loop once this returns.
  std::future<absl::StatusCode> StartHanging() {
    auto call = std::async(std::launch::async, [port = serving_->grpc_port()] {
      return GrpcClient(port).CallBytes(kHang, "").code;
    });
    began_.get_future().wait();
    return call;
  }

  void Release() {
    if (!std::exchange(is_released_, true)) release_.set_value();
  }

 private:
  void AddHang(rpc::MethodRegistry& registry) {
    registry.AddUnary<EchoRequest, EchoResponse>(
        kHang, [this](base::CallContext, EchoRequest) { return Hang(&began_, released_); },
        rpc::MethodRegistry::Foreign{.access = {.is_public = true}});
  }

  std::promise<void> began_;
  std::promise<void> release_;
  const std::shared_future<void> released_ = release_.get_future().share();
  bool is_released_ = false;
  service::config::Config config_ = TestConfig();
  const base::SystemClock clock_;
  prometheus::Registry metrics_;
  TestBackend backend_;
  std::unique_ptr<service::ServingArea> serving_;
};

TEST_F(ReadinessTest, IsFalseWhileALoopHangs) {
  ASSERT_EQ(Get("/readyz"), 200);
  auto call = StartHanging();
  while (Get("/readyz") == 200) {
    // The client gives up after a minute.
    ASSERT_EQ(call.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  }
  EXPECT_EQ(Get("/readyz"), 503);
  // It is alive: what hangs may go on.
  EXPECT_EQ(Get("/healthz"), 200);
  Release();
  EXPECT_EQ(call.get(), absl::StatusCode::kOk);
  while (Get("/readyz") != 200) {
  }
}

}  // namespace
}  // namespace gatehouse::tests
