// A client's bytes into http2::Connection, between them everything else that may happen to it.
//
// An input is a list of parts: a byte that says what happens (Action), and for those that send, a
// byte that says how much, and the bytes.

#include <asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/async/loop.h"
#include "base/ip_address.h"
#include "rpc/http2/connection.h"
#include "rpc/http2/end_reason.h"
#include "rpc/http2/session_memory.h"
#include "rpc/http2/stream.h"
#include "rpc/http2/turn.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_byte_stream.h"

namespace gatehouse::fuzz {
namespace {

using rpc::http2::Connection;
using rpc::http2::Field;

enum Action : uint8_t { kSend, kSendTimes256, kTick, kTickLong, kBlock, kUnblock, kDrain, kCount };

// Answers in one of several ways, by the number of its headers.
class FuzzStream final : public rpc::http2::Stream {
 public:
  explicit FuzzStream(Connection& connection) : Stream(connection) {}

  bool closed() const { return closed_; }

 private:
  void OnRequest() override {
    for (size_t i = 0; i < headers().size(); ++i) {
      seen_ += headers()[i].name.size() + headers()[i].value.size();
    }
    way_ = headers().too_large() ? 0 : headers().size() % 5;
    if (way_ == 0) SendHeadersOnly(kHeaders);
    if (way_ == 1) Gone(0x8);
  }
  void OnData(std::string_view bytes) override {
    seen_ += bytes.size();
    // Some never read, which must stop their client and nobody else.
    if (way_ != 2) Consume(bytes.size());
  }
  void OnRequestEnd() override {
    if (way_ < 2 || answered_) return;
    answered_ = true;
    left_ = way_ == 3 ? 200'000 : 10;
    SendHeaders(kHeaders);
    ResumeBody();
  }
  void OnClosed(bool) override { Close(); }
  void OnTick(base::SteadyTime) override {
    if (way_ == 4 && seen_ % 3 == 0) Gone(0x2);
  }
  size_t BodyBytes() const override { return left_; }
  bool BodyEnds() const override { return true; }
  void TakeBody(size_t bytes, std::string& output) override {
    output.append(bytes, 'x');
    left_ -= bytes;
  }
  bool OnBodyEnd() override {
    if (way_ == 2) return false;
    SendTrailers(kTrailers);
    return true;
  }

  void Gone(uint32_t error) {
    if (!open()) return;
    Reset(error);
    Close();
  }
  void Close() {
    // It is told of its end once.
    if (closed_) std::abort();
    closed_ = true;
  }

  static constexpr Field kHeaders[] = {{.name = ":status", .value = "200"}};
  static constexpr Field kTrailers[] = {{.name = "grpc-status", .value = "0"}};

  size_t way_ = 0;
  size_t seen_ = 0;
  size_t left_ = 0;
  bool answered_ = false;
  bool closed_ = false;
};

class Home final : public Connection::Owner {
 public:
  rpc::http2::Stream& NewStream(Connection& connection) override {
    streams_.push_back(std::make_unique<FuzzStream>(connection));
    return *streams_.back();
  }
  bool OnProxied(const base::IpAddress&) override { return true; }
  void OnStreamRefused() override {}
  void OnConnectionEnding(rpc::http2::EndReason) override {}
  void OnConnectionGone(Connection&) override {
    if (gone_) std::abort();
    gone_ = true;
  }

  bool gone() const { return gone_; }
  bool all_closed() const {
    for (const auto& stream : streams_) {
      if (!stream->closed()) return false;
    }
    return true;
  }

 private:
  std::vector<std::unique_ptr<FuzzStream>> streams_;
  bool gone_ = false;
};

void Run(FuzzInput input) {
  // Made once: they cost more than most inputs.
  static base::Loop loop("fuzz");
  static rpc::IoScratch scratch;
  static rpc::http2::SessionMemory memory;
  rpc::http2::Turn turn(loop);
  const rpc::http2::Limits limits{.header_list_bytes = 512,
                                  .header_block_bytes = 2048,
                                  .concurrent_streams = 10,
                                  .resets_per_second = 3,
                                  .control_frames_per_second = 10};
  base::SteadyTime now = std::chrono::steady_clock::now();
  Home home;
  auto [server, wire] = MakeConnection(loop, scratch);
  Connection connection(home, turn, scratch, memory, limits, std::move(server), now);
  connection.Start();
  loop.io().poll();
  while (!input.empty() && !home.gone()) {
    switch (input.Byte() % kCount) {
      case kSend:
        wire->Send(input.String());
        break;
      case kSendTimes256: {
        const size_t times = input.Byte();
        wire->Send(input.Bytes(256 * times));
        break;
      }
      case kTick:
        now += std::chrono::milliseconds(250);
        connection.OnTick(now);
        break;
      case kTickLong:
        now += std::chrono::minutes(1);
        connection.OnTick(now);
        break;
      case kBlock:
        wire->Block();
        break;
      case kUnblock:
        wire->Unblock();
        break;
      case kDrain:
        connection.Drain();
        break;
    }
    loop.io().poll();
  }
  wire->Close();
  if (!home.gone()) connection.Close();
  loop.io().poll();
  if (!home.gone() || !home.all_closed() || connection.open_streams() != 0) std::abort();
}

}  // namespace
}  // namespace gatehouse::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gatehouse::fuzz::Run(gatehouse::fuzz::FuzzInput(data, size));
  return 0;
}
