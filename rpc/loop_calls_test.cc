#include "rpc/loop_calls.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/async/loop.h"
#include "base/async/task_group.h"
#include "gatehouse/test/echo.pb.h"
#include "rpc/chain/interceptor_chain.h"
#include "rpc/method/message_stream.h"
#include "rpc/method/method_registry.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::EchoRequest;
using gatehouse::test::EchoResponse;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr char kChat[] = "/gatehouse.test.EchoService/Chat";
constexpr char kHasty[] = "/gatehouse.test.EchoService/Hasty";
constexpr char kGuarded[] = "/gatehouse.test.GuardedService/Guarded";
constexpr int kOk = 0;
constexpr int kUnavailable = 14;

// A call whose client sends nothing.
class SilentCall final : public CallTransport {
 public:
  explicit SilentCall(base::Loop& loop, std::string_view method = kChat)
      : loop_(loop), method_(method) {}

  void SetEvents(CallEvents* events) override { events_ = events; }
  std::string_view method() const override { return method_; }
  std::optional<std::string_view> Metadata(std::string_view) const override { return {}; }
  std::optional<base::IpAddress> peer() const override { return {}; }
  std::optional<std::chrono::nanoseconds> ClientTimeLeft() const override { return {}; }
  void AddHeader(std::string_view, std::string_view) override {}
  void AddTrailer(std::string_view, std::string_view) override {}
  void Read() override { waits_.set_value(); }
  size_t ReadSize() const override { return 0; }
  bool ParseRead(google::protobuf::Message&) override { return false; }
  void Write(const google::protobuf::Message&) override { ADD_FAILURE(); }
  void SetResponse(const google::protobuf::Message&) override { ADD_FAILURE(); }
  void SetEncodedResponse(std::string_view) override { ADD_FAILURE(); }
  void Finish(const WireStatus& status) override {
    // Last: the test lets go of this call then.
    loop_.Post([this, code = status.code] {
      events_->OnReleased();
      code_.set_value(code);
    });
  }
  void Abort() override { ADD_FAILURE(); }

  // Until its handler waits for a message.
  void AwaitHandler() { waits_.get_future().wait(); }
  // That of its end; nullopt if it does not end.
  std::optional<int> Code() {
    std::future<int> code = code_.get_future();
    if (code.wait_for(seconds(60)) != std::future_status::ready) return std::nullopt;
    return code.get();
  }

 private:
  base::Loop& loop_;
  const std::string_view method_;
  CallEvents* events_ = nullptr;
  std::promise<void> waits_;
  std::promise<int> code_;
};

base::Task<absl::Status> ReadToTheEnd(Reader<EchoRequest> reader) {
  EchoRequest request;
  bool more = true;
  while (more) more = co_await reader.Read(&request);
  co_return absl::OkStatus();
}

base::Task<absl::StatusOr<EchoResponse>> Nothing() { co_return EchoResponse(); }

// Ends by itself while another coroutine of it waits for the client.
base::Task<void> ReadAside(Reader<EchoRequest> reader, std::shared_ptr<bool> ended) {
  EchoRequest request;
  const bool more = co_await reader.Read(&request);
  *ended = !more;
}
base::Task<absl::Status> StopReading(base::CallContext ctx, Reader<EchoRequest> reader) {
  const auto ended = std::make_shared<bool>(false);
  base::TaskGroup tasks(ctx.loop(), [](const std::string&) {});
  tasks.Spawn(ReadAside(reader, ended));
  co_await ctx.loop().SleepUntil(steady_clock::now(), ctx.cancel());
  reader.Stop();
  EXPECT_TRUE(*ended);
  EchoRequest request;
  const bool more = co_await reader.Read(&request);
  EXPECT_FALSE(more);
  co_return absl::OkStatus();
}

class LoopCallsTest : public ::testing::Test {
 protected:
  LoopCallsTest() {
    registry_.AddBidiStreaming<EchoRequest, EchoResponse>(
        kChat, [](base::CallContext, Reader<EchoRequest> reader, Writer<EchoResponse>) {
          return ReadToTheEnd(reader);
        });
    registry_.AddBidiStreaming<EchoRequest, EchoResponse>(
        kHasty, [](base::CallContext ctx, Reader<EchoRequest> reader, Writer<EchoResponse>) {
          return StopReading(std::move(ctx), reader);
        });
    loop_.Start();
  }
  ~LoopCallsTest() override {
    // What a failed test has left.
    Drain(std::chrono::seconds(0));
    calls_.Join();
    loop_.Stop();
  }

  void Arrive(SilentCall& call) {
    loop_.Post([this, &call] { calls_.OnCall(call); });
  }
  void Drain(std::chrono::seconds grace) {
    loop_.Post([this, grace] { calls_.Drain(steady_clock::now() + grace); });
  }

  base::Loop loop_{"test"};
  MethodRegistry registry_;
  const InterceptorChain chain_{{}};
  LoopCalls calls_{loop_, registry_, chain_, 1024, 1024};
};

TEST_F(LoopCallsTest, AMessageHasTheLimitOfItsMethod) {
  MethodRegistry registry;
  registry.AddUnary<EchoRequest, EchoResponse>(
      kGuarded, [](base::CallContext, EchoRequest) { return Nothing(); });
  registry.AddBidiStreaming<EchoRequest, EchoResponse>(
      kChat, [](base::CallContext, Reader<EchoRequest> reader, Writer<EchoResponse>) {
        return ReadToTheEnd(reader);
      });
  struct Case {
    size_t any;
    size_t without_credentials;
    size_t guarded;
    size_t chat;
  };
  // What Guarded takes stands in its .proto; Chat needs no credentials.
  for (const Case& c :
       {Case{4'000'000, 20'000, 1'000'000, 20'000}, Case{500'000, 20'000, 500'000, 20'000},
        Case{500'000, 600'000, 500'000, 500'000}}) {
    LoopCalls calls(loop_, registry, chain_, c.any, c.without_credentials);
    EXPECT_EQ(calls.Shape(kGuarded).max_message_bytes, c.guarded);
    EXPECT_EQ(calls.Shape(kChat).max_message_bytes, c.chat);
    EXPECT_EQ(calls.Shape("/x/y").max_message_bytes, 0u);
    calls.Join();
  }
}

TEST_F(LoopCallsTest, AStreamEndsWhenTheDrainBegins) {
  SilentCall stream(loop_);
  Arrive(stream);
  stream.AwaitHandler();
  Drain(hours(1));
  EXPECT_EQ(stream.Code(), kUnavailable);
}

// Until its client has heard of the drain it may still begin one.
TEST_F(LoopCallsTest, AStreamThatArrivesDuringTheDrainEndsAtOnce) {
  SilentCall stream(loop_);
  Drain(hours(1));
  Arrive(stream);
  EXPECT_EQ(stream.Code(), kUnavailable);
}

TEST_F(LoopCallsTest, AHandlerMayEndWhileItsClientIsWaitedFor) {
  SilentCall stream(loop_, kHasty);
  Arrive(stream);
  EXPECT_EQ(stream.Code(), kOk);
}

}  // namespace
}  // namespace gatehouse::rpc
