// Calls into the gRPC layer on top of HTTP/2 that is right for the most part: headers of all kinds,
// messages cut, compressed and wrong, and handlers that read, write, wait and give up.
//
// An input is a list of steps: a byte that says which (Step), and what the step takes.

#include <prometheus/registry.h>
#include <zlib.h>

#include <array>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/async/loop.h"
#include "base/ip_address.h"
#include "gatehouse/test/echo.pb.h"
#include "rpc/byte_budget.h"
#include "rpc/grpc/connection_group.h"
#include "rpc/listener/connection_caps.h"
#include "rpc/server_options.h"
#include "rpc/transport.h"
#include "rpc/transport_metrics.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_byte_stream.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::fuzz {
namespace {

using tests::RawClient;

constexpr size_t kMaxMessageBytes = 4096;

// As their counterparts in RFC 9113.
constexpr uint8_t kWindowUpdate = 8;

size_t open_handlers = 0;

// What a handler does, by the path of its method.
class Handler final : private rpc::CallEvents {
 public:
  explicit Handler(rpc::CallTransport& transport) : transport_(transport) {
    ++open_handlers;
    transport_.SetEvents(this);
    const std::string_view method = transport_.method();
    streams_ = method.starts_with("/s");
    waits_ = method.ends_with("w");
    aborts_ = method.ends_with("a");
    for (const char* name : {"x-bin", "user-agent", "x", "authorization"}) {
      if (const auto value = transport_.Metadata(name)) seen_ += value->size();
    }
    if (transport_.ClientTimeLeft()) ++seen_;
    transport_.AddHeader("x-first", "1");
    transport_.AddTrailer("x-seen-bin", std::string(seen_ % 50, 'x'));
    if (!waits_) Read();
  }

 private:
  ~Handler() { --open_handlers; }

  void Read() {
    reading_ = true;
    transport_.Read();
  }
  void Finish(int code) {
    if (std::exchange(finished_, true)) return;
    transport_.Finish({.code = code, .message = "what % \n it is", .details = "\x01\x02"});
  }

  void OnRead(bool ok) override {
    if (!reading_) std::abort();
    reading_ = false;
    if (finished_) return;
    if (!ok) {
      Finish(0);
      return;
    }
    gatehouse::test::EchoRequest request;
    if (!transport_.ReadStatus().ok() || transport_.ReadSize() > kMaxMessageBytes) {
      // Beyond the limit nothing may come through.
      if (transport_.ReadStatus().ok()) std::abort();
      Finish(static_cast<int>(transport_.ReadStatus().code()));
      return;
    }
    if (!transport_.ParseRead(request)) {
      Finish(3);
      return;
    }
    if (aborts_) {
      Finish(1);
      transport_.Abort();
      return;
    }
    if (streams_) {
      writing_ = true;
      transport_.Write(request);
    } else {
      transport_.SetResponse(request);
      Finish(seen_ % 7 == 3 ? 9 : 0);
    }
  }
  void OnWrite(bool ok) override {
    if (!writing_) std::abort();
    writing_ = false;
    if (cancelled_ || !ok) {
      Finish(1);
    } else {
      Read();
    }
  }
  void OnCancelled() override {
    if (std::exchange(cancelled_, true) || finished_) std::abort();
    if (!writing_) Finish(1);
  }
  void OnReleased() override {
    if (!finished_ || writing_) std::abort();
    delete this;
  }

  rpc::CallTransport& transport_;
  size_t seen_ = 0;
  bool streams_ = false;
  bool waits_ = false;
  bool aborts_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool finished_ = false;
  bool cancelled_ = false;
};

class Acceptor final : public rpc::CallAcceptor {
 public:
  rpc::CallShape Shape(std::string_view method) const override {
    return {.single_request = method.starts_with("/u"), .max_message_bytes = kMaxMessageBytes};
  }
  // Deletes itself.
  void OnCall(rpc::CallTransport& transport) override { new Handler(transport); }
};

std::string Gzip(std::string_view plain) {
  z_stream stream{};
  if (deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    std::abort();
  }
  std::string packed(deflateBound(&stream, plain.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Of headers that mean something to gRPC, so that the fuzzer need not find their names.
RawClient::Fields ReadFields(FuzzInput& input) {
  constexpr std::array<std::string_view, 6> kPaths{"/u/e", "/s/e", "/u/w", "/s/w", "/s/a", "/x"};
  constexpr std::array<std::string_view, 8> kNames{"grpc-timeout", "grpc-encoding",       "x-bin",
                                                   "content-type", "user-agent",          "x",
                                                   "te",           "grpc-accept-encoding"};
  RawClient::Fields fields{{":method", "POST"},
                           {":scheme", "http"},
                           {":authority", "a"},
                           {":path", std::string(kPaths[input.Byte() % kPaths.size()])}};
  const uint8_t more = input.Byte();
  // Few calls go far without it.
  if (more % 8 != 7) fields.emplace_back("content-type", "application/grpc");
  if (more % 4 == 3) fields.emplace_back("grpc-encoding", "gzip");
  for (int i = 0; i < more / 32; ++i) {
    const uint8_t name = input.Byte();
    fields.emplace_back(kNames[name % kNames.size()], input.String());
  }
  return fields;
}

enum Step : uint8_t {
  kHeaders,
  kMessage,
  kGzipMessage,
  kBytes,
  kRepeatedMessage,
  kEnd,
  kReset,
  kWindow,
  kFrame,
  kBlock,
  kUnblock,
  kDrain,
  kStepCount
};

class Client {
 public:
  Client(base::Loop& loop, rpc::ConnectionGroup& group, rpc::ConnectionCaps& caps, FuzzInput input)
      : loop_(loop), group_(group), caps_(caps), input_(input) {}

  void Run() {
    auto [server, wire] = MakeConnection(loop_, group_.scratch());
    wire_ = std::move(wire);
    const auto peer = base::IpAddress::Parse("127.0.0.1");
    if (caps_.Take(peer->ClientKey(), std::chrono::steady_clock::now())) std::abort();
    group_.Add(std::move(server),
               {.peer = peer,
                .place = std::make_shared<rpc::ConnectionCaps::Place>(caps_, peer->ClientKey())});
    wire_->Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    wire_->Send(RawClient::MakeFrame(RawClient::kSettings, 0, 0, ""));
    loop_.io().poll();
    while (!input_.empty() && !wire_->closed()) {
      DoStep();
      loop_.io().poll();
    }
    wire_->Close();
    loop_.io().poll();
  }

 private:
  // One of the last streams.
  uint32_t Stream() {
    const uint32_t back = 2u * (input_.Byte() % 4);
    return last_stream_ > back ? last_stream_ - back : 1;
  }
  void Send(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
    wire_->Send(RawClient::MakeFrame(type, flags, stream, payload));
  }
  void SendData(std::string_view bytes) {
    const uint32_t stream = Stream();
    const uint8_t cut = input_.Byte();
    // In two frames, so that prefixes and messages are cut anywhere.
    const size_t first = cut % 2 == 0 ? bytes.size() : bytes.size() * cut / 256;
    Send(RawClient::kData, 0, stream, bytes.substr(0, first));
    if (first < bytes.size()) Send(RawClient::kData, 0, stream, bytes.substr(first));
  }

  void DoStep() {
    switch (input_.Byte() % kStepCount) {
      case kHeaders: {
        last_stream_ += last_stream_ == 0 ? 1 : 2;
        const uint8_t flags = input_.Byte() & RawClient::kEndStream;
        Send(RawClient::kHeaders, RawClient::kEndHeaders | flags, last_stream_,
             RawClient::Encode(ReadFields(input_)));
        break;
      }
      case kMessage: {
        gatehouse::test::EchoRequest request;
        request.set_text(std::string(input_.Byte(), 'x'));
        SendData(RawClient::Message(request.SerializeAsString()));
        break;
      }
      case kGzipMessage: {
        const size_t repeat = input_.Byte();
        std::string plain;
        const std::string_view unit = input_.String();
        for (size_t i = 0; i <= repeat; ++i) plain += unit;
        SendData(RawClient::Message(Gzip(plain), 1));
        break;
      }
      case kBytes:
        SendData(input_.String());
        break;
      case kRepeatedMessage: {
        const size_t size = 64u * input_.Byte();
        SendData(RawClient::Message(std::string(size, '\n')));
        break;
      }
      case kEnd:
        Send(RawClient::kData, RawClient::kEndStream, Stream(), "");
        break;
      case kReset:
        Send(RawClient::kReset, 0, Stream(), std::string("\0\0\0\x8", 4));
        break;
      case kWindow:
        Send(kWindowUpdate, 0, input_.Byte() % 2 == 0 ? 0 : Stream(), std::string("\0\0\x7f\0", 4));
        break;
      case kFrame: {
        const uint8_t type = input_.Byte();
        const uint8_t flags = input_.Byte();
        Send(type, flags, Stream(), input_.String());
        break;
      }
      case kBlock:
        wire_->Block();
        break;
      case kUnblock:
        wire_->Unblock();
        break;
      case kDrain:
        group_.Drain();
        break;
    }
  }

  base::Loop& loop_;
  rpc::ConnectionGroup& group_;
  rpc::ConnectionCaps& caps_;
  FuzzInput input_;
  std::shared_ptr<Wire> wire_;
  uint32_t last_stream_ = 0;
};

void Run(FuzzInput input) {
  constexpr size_t kTotalBytes = 100'000;
  // Made once: it costs more than most inputs.
  static base::Loop loop("fuzz");
  Acceptor acceptor;
  rpc::ServerOptions options;
  options.max_metadata_bytes = 1024;
  options.max_concurrent_streams = 10;
  options.max_connection_bytes = kTotalBytes / 2;
  rpc::ByteBudget messages(kTotalBytes);
  rpc::ByteBudget calls(kTotalBytes);
  // What is free for each connection is enough for a few calls of the ten.
  rpc::ConnectionCaps caps(
      {.in_all = 1, .per_client = 1, .calm_down = {}, .call_bytes_per_client = kTotalBytes / 3},
      calls);
  prometheus::Registry registry;
  rpc::TransportMetrics metrics(registry);
  {
    rpc::ConnectionGroup group(loop, acceptor, options, {.messages = messages, .calls = calls},
                               metrics);
    Client(loop, group, caps, input).Run();
    // Its client is gone, so nothing keeps the connection but handlers that go with it.
    group.CloseAll();
    loop.io().poll();
    if (open_handlers != 0) std::abort();
  }
  loop.io().poll();
  // Everything that was held was given back.
  if (!messages.Take(kTotalBytes) || !calls.Take(kTotalBytes)) std::abort();
}

}  // namespace
}  // namespace gatehouse::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gatehouse::fuzz::Run(gatehouse::fuzz::FuzzInput(data, size));
  return 0;
}
