#include "rpc/echo_fixture.h"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/async/one_shot.h"
#include "base/log_line.h"
#include "base/status.h"
#include "gatehouse/test/echo.pb.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::CountRequest;
using gatehouse::test::EchoRequest;
using gatehouse::test::EchoResponse;

constexpr std::chrono::seconds kPatience(60);

base::Task<void> UntilCancelled(base::CallContext context, EchoProbe* probe) {
  base::OneShot<bool> cancelled;
  auto registration = context.cancel().OnCancel([cancelled] { cancelled.Set(true); });
  ++probe->waiting;
  co_await cancelled;
}

// Waits on a thread of its own, so that neither the loop nor a cancellation
// ends it.
base::Task<void> UntilReleased(base::CallContext context, EchoProbe* probe,
                               std::shared_future<void> released) {
  base::OneShot<bool> done;
  std::thread waiter([&loop = context.loop(), done, released] {
    released.wait();
    loop.Post([done] { done.Set(true); });
  });
  waiter.detach();
  ++probe->waiting;
  co_await done;
}

struct Returned {
  EchoProbe* probe;
  ~Returned() { ++probe->returned; }
};

base::Task<absl::StatusOr<EchoResponse>> HandleEcho(base::CallContext context, EchoRequest request,
                                                    EchoProbe* probe,
                                                    std::shared_future<void> released) {
  const Returned returned{probe};
  if (request.text() == "throw") throw std::runtime_error("secret cause");
  if (request.text() == "internal") co_return base::InternalError("secret cause");
  if (request.text() == "invalid") co_return base::InvalidField("text", "must not be this");
  if (request.text() == "wait") {
    co_await UntilCancelled(context, probe);
    co_return absl::CancelledError("stopped waiting");
  }
  if (request.text() == "wait-ok") co_await UntilCancelled(context, probe);
  if (request.text() == "stubborn") co_await UntilReleased(context, probe, std::move(released));
  EchoResponse response;
  response.set_text(request.text() == "peer" ? context.peer_ip() : request.text());
  co_return response;
}

base::Task<absl::Status> Count(base::CallContext context, CountRequest request,
                               Writer<EchoResponse> writer, EchoProbe* probe) {
  const Returned returned{probe};
  for (int i = 0; i < request.count(); ++i) {
    EchoResponse response;
    response.set_text(request.text_bytes() > 0 ? std::string(request.text_bytes(), 'x')
                                               : std::to_string(i));
    ++probe->writing;
    const bool more = co_await writer.Write(response);
    if (!more) co_return absl::OkStatus();
  }
  if (request.hold()) co_await UntilCancelled(context, probe);
  co_return absl::OkStatus();
}

base::Task<absl::Status> Chat(base::CallContext context, Reader<EchoRequest> reader,
                              Writer<EchoResponse> writer, EchoProbe* probe) {
  const Returned returned{probe};
  ++probe->waiting;
  EchoRequest request;
  while (co_await reader.Read(&request)) {
    EchoResponse response;
    response.set_text(request.text());
    const bool more = co_await writer.Write(response);
    if (!more) break;
  }
  co_return absl::OkStatus();
}

}  // namespace

void EchoProbe::Await(const std::atomic<int>& counter, int count) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (counter < count) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited in vain";
    std::this_thread::yield();
  }
}

EchoFixture::EchoFixture() {
  options_.metrics = &transport_metrics_;
  // Tests look at the server after each attack, from the same address.
  options_.calm_down_time = {};
  base::SetLogLevel(base::LogLevel::kError);
  EchoProbe* probe = &probe_;
  const std::shared_future<void> released = released_.get_future().share();
  registry_.AddUnary<EchoRequest, EchoResponse>(
      kEcho, [probe, released](base::CallContext context, EchoRequest request) {
        return HandleEcho(std::move(context), std::move(request), probe, released);
      });
  registry_.AddServerStreaming<CountRequest, EchoResponse>(
      kCount,
      [probe](base::CallContext context, CountRequest request, Writer<EchoResponse> writer) {
        return Count(std::move(context), std::move(request), writer, probe);
      });
  registry_.AddBidiStreaming<EchoRequest, EchoResponse>(
      kChat,
      [probe](base::CallContext context, Reader<EchoRequest> reader, Writer<EchoResponse> writer) {
        return Chat(std::move(context), reader, writer, probe);
      });
  health_.Register(registry_);
  reflection_.Register(registry_);
  reflection_.SetServices(registry_.ServiceNames());
  for (int i = 0; i < 2; ++i) {
    loops_.push_back(std::make_unique<base::Loop>("loop-" + std::to_string(i)));
    loops_.back()->Start();
  }
}

void EchoFixture::StartServer() {
  const absl::Status valid = registry_.Validate([](std::string_view) { return std::nullopt; });
  ASSERT_TRUE(valid.ok()) << valid;
  chain_ = std::make_unique<InterceptorChain>(
      BuildChain({.clock = clock_,
                  .metrics = metrics_,
                  .max_unary_deadline = max_unary_deadline_,
                  .in_flight = std::make_shared<InFlight>(in_flight_),
                  .streams = streams_,
                  .authenticate = std::move(link_)}));
  std::vector<base::Loop*> loops;
  for (const auto& loop : loops_) loops.push_back(loop.get());
  auto server = Server::Start(options_, loops, registry_, *chain_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  client_ = std::make_unique<tests::GrpcClient>(server_->port());
}

EchoFixture::~EchoFixture() {
  if (server_) server_->Shutdown({.grace = std::chrono::milliseconds(0)});
  for (const auto& loop : loops_) loop->Stop();
}

std::string EchoFixture::MetricsText() const {
  return prometheus::TextSerializer().Serialize(metrics_.Collect());
}

void EchoFixture::AwaitCounted(const std::string& counter) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (MetricsText().find(counter + " 0\n") != std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited in vain for " << counter;
    std::this_thread::yield();
  }
}

tests::CallOutcome EchoFixture::Echo(const std::string& text, const tests::CallOptions& options) {
  EchoRequest request;
  request.set_text(text);
  return client_->Call<EchoRequest, EchoResponse>(kEcho, request, options);
}

std::unique_ptr<tests::ClientStream> EchoFixture::StartEcho(const std::string& text,
                                                            const tests::CallOptions& options) {
  EchoRequest request;
  request.set_text(text);
  const int waiting = probe_.waiting;
  std::unique_ptr<tests::ClientStream> stream = client_->Open(kEcho, options);
  stream->Write(request.SerializeAsString());
  stream->WritesDone();
  EchoProbe::Await(probe_.waiting, waiting + 1);
  return stream;
}

}  // namespace gatehouse::rpc
