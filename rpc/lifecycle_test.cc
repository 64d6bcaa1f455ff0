// How calls end when something cuts them short.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <prometheus/registry.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "gatehouse/test/echo.pb.h"
#include "rpc/echo_fixture.h"
#include "rpc/server.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::CountRequest;
using gatehouse::test::EchoRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tests::CallOutcome;
using tests::ClientStream;

// The grace of shutdowns that must not wait for its end, whatever else the machine does; no other
// wait in these tests takes as long either.
constexpr seconds kBound(60);

class LifecycleTest : public EchoFixture {
 protected:
  double InFlight() const {
    for (const prometheus::MetricFamily& family : metrics_.Collect()) {
      if (family.name == "gatehouse_rpc_in_flight") return family.metric.at(0).gauge.value;
    }
    return -1;
  }

  std::unique_ptr<ClientStream> StartCount(const CountRequest& request,
                                           const tests::CallOptions& options = {}) {
    auto stream = client_->Open(kCount, options);
    stream->Write(request.SerializeAsString());
    stream->WritesDone();
    return stream;
  }

  std::unique_ptr<ClientStream> StartHeldStream() {
    CountRequest request;
    request.set_hold(true);
    auto stream = StartCount(request, {.no_deadline = true});
    EchoProbe::Await(probe_.waiting, 1);
    return stream;
  }

  // How long it took.
  milliseconds Shutdown(milliseconds grace) {
    const auto start = std::chrono::steady_clock::now();
    server_->Shutdown({.grace = grace});
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  }
};

TEST_F(LifecycleTest, HandlerLearnsThatTheClientCancelled) {
  StartServer();
  auto call = StartEcho("wait");
  call->Cancel();
  EXPECT_EQ(call->Finish().code, absl::StatusCode::kCancelled);
  EchoProbe::Await(probe_.returned, 1);
  EXPECT_TRUE(Echo("next").ok());
}

TEST_F(LifecycleTest, HandlerLearnsThatTheStreamsClientIsGone) {
  StartServer();
  auto stream = StartHeldStream();
  stream.reset();
  client_.reset();
  EchoProbe::Await(probe_.returned, 1);
}

TEST_F(LifecycleTest, CancelledReadEndsTheHandler) {
  StartServer();
  auto stream = client_->Open(kChat);
  EchoProbe::Await(probe_.waiting, 1);
  stream->Cancel();
  EXPECT_EQ(stream->Finish().code, absl::StatusCode::kCancelled);
  EchoProbe::Await(probe_.returned, 1);
}

TEST_F(LifecycleTest, CallCancelledBeforeItsMessageEnds) {
  StartServer();
  for (int i = 0; i < 50; ++i) {
    auto call = client_->Open(kEcho);
    call->Cancel();
    EXPECT_EQ(call->Finish().code, absl::StatusCode::kCancelled);
  }
  EXPECT_TRUE(Echo("next").ok());
  server_->Shutdown({.grace = kBound});
  EXPECT_EQ(InFlight(), 0);
  EXPECT_EQ(probe_.returned, 1);
}

TEST_F(LifecycleTest, CancellationMayRaceWithTheAnswer) {
  StartServer();
  EchoRequest request;
  request.set_text("quick");
  for (int i = 0; i < 300; ++i) {
    auto call = client_->Open(kEcho);
    call->Write(request.SerializeAsString());
    // Later in each round, so that it meets every phase of the call.
    for (volatile int spin = 0; spin < i * 200; spin = spin + 1) {
    }
    call->Cancel();
    const CallOutcome outcome = call->Finish();
    EXPECT_TRUE(outcome.ok() || outcome.code == absl::StatusCode::kCancelled) << outcome.message;
  }
  EXPECT_TRUE(Echo("next").ok());
  server_->Shutdown({.grace = kBound});
  EXPECT_EQ(InFlight(), 0);
}

TEST_F(LifecycleTest, ClientsDeadlineCancelsTheHandler) {
  StartServer();
  // Until the handler has begun by then, however long the machine takes.
  for (milliseconds timeout(50); probe_.waiting == 0; timeout *= 2) {
    EXPECT_EQ(Echo("wait", {.timeout = timeout}).code, absl::StatusCode::kDeadlineExceeded);
  }
  EchoProbe::Await(probe_.returned, probe_.waiting);
}

TEST_F(LifecycleTest, ServersDeadlineEndsACallWithoutOne) {
  max_unary_deadline_ = milliseconds(50);
  StartServer();
  const CallOutcome outcome = Echo("wait", {.no_deadline = true});
  EXPECT_EQ(outcome.code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(outcome.reason(), "DEADLINE");
}

TEST_F(LifecycleTest, SuccessAfterTheDeadlineIsStillSuccess) {
  // What a handler has changed it must be able to say.
  CallOutcome outcome;
  // Until the handler has begun by then, however long the machine takes.
  for (max_unary_deadline_ = milliseconds(50); probe_.waiting == 0; max_unary_deadline_ *= 2) {
    if (server_) Shutdown(kBound);
    server_.reset();
    StartServer();
    outcome = Echo("wait-ok", {.no_deadline = true});
  }
  EXPECT_TRUE(outcome.ok()) << outcome.message;
}

TEST_F(LifecycleTest, DeadlineEndsACallThatSendsNoMessage) {
  max_unary_deadline_ = milliseconds(50);
  StartServer();
  auto call = client_->Open(kEcho, {.no_deadline = true});
  const CallOutcome outcome = call->Finish();
  EXPECT_EQ(outcome.code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(outcome.reason(), "DEADLINE");
}

TEST_F(LifecycleTest, OverloadIsRefusedUntilACallEnds) {
  in_flight_.unary = 1;
  StartServer();
  auto call = StartEcho("wait");
  const CallOutcome refused = Echo("x");
  EXPECT_EQ(refused.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.reason(), "SERVER_OVERLOADED");
  EXPECT_TRUE(refused.Detail<google::rpc::RetryInfo>().has_value());
  EXPECT_TRUE(refused.Detail<google::rpc::QuotaFailure>().has_value());
  call->Cancel();
  call->Finish();
  EchoProbe::Await(probe_.returned, 1);
  // The slot is free once After has run, shortly after the handler returned.
  CallOutcome admitted = Echo("x");
  const auto give_up = std::chrono::steady_clock::now() + kBound;
  while (!admitted.ok() && std::chrono::steady_clock::now() < give_up) admitted = Echo("x");
  EXPECT_TRUE(admitted.ok());
}

TEST_F(LifecycleTest, CallsWithoutCredentialsLeavePlacesForOthers) {
  in_flight_ = {.unary = 4, .known_percent = 50};
  StartServer();
  const auto first = StartEcho("wait");
  const auto second = StartEcho("wait");
  const CallOutcome refused = Echo("x");
  EXPECT_EQ(refused.reason(), "SERVER_OVERLOADED");
  const auto quota = refused.Detail<google::rpc::QuotaFailure>();
  ASSERT_TRUE(quota.has_value());
  EXPECT_EQ(quota->violations(0).subject(), "calls in flight of strangers");
}

TEST_F(LifecycleTest, ShutdownLetsUnaryCallsFinish) {
  StartServer();
  auto call = StartEcho("stubborn");
  auto shutdown = std::async(std::launch::async, [this] { return Shutdown(kBound); });
  // Only released once the server has stopped listening.
  tests::GrpcClient late(server_->port());
  while (late.CallBytes(kEcho, "", {.timeout = milliseconds(200)}).ok()) {
  }
  Release();
  EXPECT_TRUE(call->Finish().ok());
  EXPECT_LT(shutdown.get(), kBound);
}

TEST_F(LifecycleTest, ShutdownCancelsUnaryCallsAfterTheGrace) {
  StartServer();
  auto call = StartEcho("wait");
  EXPECT_LT(Shutdown(milliseconds(50)), kBound);
  const CallOutcome outcome = call->Finish();
  EXPECT_EQ(outcome.code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(outcome.reason(), "SHUTTING_DOWN");
}

TEST_F(LifecycleTest, ShutdownEndsStreamsAtOnce) {
  StartServer();
  auto held = StartHeldStream();
  auto chat = client_->Open(kChat, {.no_deadline = true});
  EchoProbe::Await(probe_.waiting, 2);
  EXPECT_LT(Shutdown(kBound), kBound);
  for (ClientStream* stream : {held.get(), chat.get()}) {
    const CallOutcome outcome = stream->Finish();
    EXPECT_EQ(outcome.code, absl::StatusCode::kUnavailable);
    EXPECT_EQ(outcome.reason(), "SHUTTING_DOWN");
  }
}

TEST_F(LifecycleTest, ShutdownDoesNotWaitForAClientThatDoesNotRead) {
  StartServer();
  CountRequest request;
  request.set_count(1);
  // More than any flow control window lets through unread.
  request.set_text_bytes(64 << 20);
  auto stream = StartCount(request, {.no_deadline = true});
  EchoProbe::Await(probe_.writing, 1);
  EXPECT_LT(Shutdown(kBound), kBound);
  EXPECT_FALSE(stream->Finish().ok());
}

// A client that speaks HTTP/2 and then does not look at its connection any more.
class IdleConnection {
 public:
  explicit IdleConnection(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    // The preface and empty SETTINGS.
    const std::string hello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
    EXPECT_EQ(::send(socket_, hello.data(), hello.size(), MSG_NOSIGNAL), 33);
    // The server's: now it knows of the connection.
    char byte = 0;
    EXPECT_EQ(::recv(socket_, &byte, 1, 0), 1);
  }
  ~IdleConnection() { ::close(socket_); }
  IdleConnection(const IdleConnection&) = delete;
  IdleConnection& operator=(const IdleConnection&) = delete;

 private:
  const int socket_;
};

TEST_F(LifecycleTest, ShutdownDoesNotWaitForAConnectionWithoutCalls) {
  StartServer();
  const IdleConnection idle(server_->port());
  EXPECT_LT(Shutdown(kBound), kBound);
}

TEST_F(LifecycleTest, ShutdownTwiceIsOnce) {
  StartServer();
  Shutdown(kBound);
  EXPECT_LT(Shutdown(kBound), kBound);
}

TEST_F(LifecycleTest, ShutdownReportsAHandlerThatDoesNotEnd) {
  StartServer();
  auto call = StartEcho("stubborn");
  std::promise<void> stuck;
  auto shutdown = std::async(std::launch::async, [&] {
    server_->Shutdown({.grace = milliseconds(10), .unwind = milliseconds(50), .on_stuck = [&stuck] {
                         stuck.set_value();
                       }});
  });
  EXPECT_EQ(stuck.get_future().wait_for(kBound), std::future_status::ready);
  Release();
  EXPECT_EQ(shutdown.wait_for(kBound), std::future_status::ready);
}

}  // namespace
}  // namespace gatehouse::rpc
