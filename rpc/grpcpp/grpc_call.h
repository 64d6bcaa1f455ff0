#ifndef GATEHOUSE_RPC_GRPCPP_GRPC_CALL_H_
#define GATEHOUSE_RPC_GRPCPP_GRPC_CALL_H_

#include <google/protobuf/message.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/async/loop.h"
#include "rpc/transport.h"

namespace gatehouse::rpc {

// One completion queue, its thread, its loop.
struct QueueStation {
  base::Loop* loop;
  CallAcceptor* acceptor;
  grpc::AsyncGenericService* service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::thread thread = {};
  // GrpcCalls that exist. On the loop's thread, like the rest.
  size_t calls = 0;
  bool closing = false;
  // Set when closing and no call is left.
  std::promise<void> empty = {};

  void OnCallGone() {
    if (--calls == 0 && closing) empty.set_value();
  }
};

// A call of gRPC's as a CallTransport. Owns itself: made to wait for a call, deleted when
// every operation has come back after Finish, or when none came before the shutdown.
//
// Part of the bridge and built like it, see bridge.cc. On the loop's thread, but for
// Tag::CanWait.
class GrpcCall final : public CallTransport {
 public:
  // Waits for a call to come.
  static void Accept(QueueStation& station);

  // What a completion queue returns. `ok` as gRPC means it.
  struct Tag {
    using Handler = void (GrpcCall::*)(bool ok);
    GrpcCall* call;
    Handler handler;
    void Run(bool ok) { (call->*handler)(ok); }
    // Whether the loop need not know yet. On the queue's thread.
    bool CanWait() const {
      if (handler == &GrpcCall::OnDone) return !call->context_.IsCancelled();
      return handler == &GrpcCall::OnFinish;
    }
  };

  void SetEvents(CallEvents* events) override { events_ = events; }
  std::string_view method() const override { return context_.method(); }
  std::optional<std::string_view> Metadata(std::string_view name) const override;
  std::optional<base::IpAddress> peer() const override;
  std::optional<std::chrono::nanoseconds> ClientTimeLeft() const override;
  void AddHeader(std::string_view name, std::string_view value) override;
  void AddTrailer(std::string_view name, std::string_view value) override;

  void Read() override;
  size_t ReadSize() const override { return read_buffer_.Length(); }
  bool ParseRead(google::protobuf::Message& message) override;
  void Write(const google::protobuf::Message& message) override;

  void SetResponse(const google::protobuf::Message& message) override;
  void Finish(const WireStatus& status) override;
  void Abort() override { context_.TryCancel(); }

 private:
  explicit GrpcCall(QueueStation& station) : station_(station), stream_(&context_) {
    ++station_.calls;
  }
  ~GrpcCall() { station_.OnCallGone(); }

  template <typename Operation>
  void Issue(Operation operation);

  void OnAccept(bool ok);
  void OnDone(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  void Return();

  QueueStation& station_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer read_buffer_;
  grpc::ByteBuffer response_;
  CallEvents* events_ = nullptr;
  // Operations whose tags are still to come.
  int pending_ = 0;
  bool has_response_ = false;
  bool finished_ = false;
  Tag accept_tag_{this, &GrpcCall::OnAccept};
  Tag done_tag_{this, &GrpcCall::OnDone};
  Tag read_tag_{this, &GrpcCall::OnRead};
  Tag write_tag_{this, &GrpcCall::OnWrite};
  Tag finish_tag_{this, &GrpcCall::OnFinish};
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPCPP_GRPC_CALL_H_
