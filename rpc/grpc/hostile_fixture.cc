#include "rpc/grpc/hostile_fixture.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "gatehouse/test/echo.pb.h"

namespace gatehouse::rpc {

using tests::RawClient;

std::string HostileFixture::EchoMessage(const std::string& text) {
  gatehouse::test::EchoRequest request;
  request.set_text(text);
  return RawClient::Message(request.SerializeAsString());
}

bool HostileFixture::StillServes(RawClient& client, uint32_t stream) {
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream, RawClient::Call(kEcho));
  client.SendFrame(RawClient::kData, RawClient::kEndStream, stream, EchoMessage("hello"));
  const auto data = client.ReadType(RawClient::kData, stream);
  return data && data->payload == EchoMessage("hello");
}

void HostileFixture::AwaitMetric(const std::string& text) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (MetricsText().find(text) == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << MetricsText();
    std::this_thread::yield();
  }
}

}  // namespace gatehouse::rpc
