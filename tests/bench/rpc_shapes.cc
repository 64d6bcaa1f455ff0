// A server of the no-op method in one of the shapes gRPC offers, to compare
// what each costs; tests/bench/rpc_shapes.py runs them all. The decision it led
// to is docs/adr/2026-11-21-rpc-bridge.md.
//
//   rpc_shapes --shape=NAME     prints its port, serves until standard input ends
//
//   callback          typed callback API, answered in the method
//   callback_loop     the same, answered from a base::Loop
//   typed_inline      typed completion queue API, on the queue's thread
//   typed_loop        the same, every event handed to a base::Loop
//   generic_inline    generic completion queue API, on the queue's thread
//   generic_loop      the same, every event handed to a base::Loop
//   bridge            Gatehouse's bridge, coroutine and handler, no interceptors
//   chain             the same with every interceptor that needs no database

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_unary_call.h>
#include <prometheus/registry.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/async/loop.h"
#include "base/time.h"
#include "gatehouse/bench/v1/noop.pb.h"
#include "rpc/chain/chain_builder.h"
#include "rpc/chain/interceptor_chain.h"
#include "rpc/interceptors/parse_interceptor.h"
#include "rpc/method/method_registry.h"
#include "rpc/server.h"

namespace {

namespace base = gatehouse::base;
namespace rpc = gatehouse::rpc;
using gatehouse::bench::v1::NoopRequest;
using gatehouse::bench::v1::NoopResponse;

constexpr char kMethod[] = "/gatehouse.bench.v1.NoopService/Noop";
constexpr int kPendingAccepts = 64;

// Where an event is handled: here, or on a loop.
using Executor = std::function<void(std::function<void()>)>;

void Answer(const NoopRequest& request, NoopResponse& response) {
  response.set_payload(request.payload());
}

void WaitForEnd(int port) {
  std::cout << port << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
}

std::unique_ptr<grpc::Server> Build(grpc::ServerBuilder& builder, int& port) {
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  return builder.BuildAndStart();
}

// What grpc_cpp_plugin would generate for the callback API.
class CallbackService : public grpc::Service {
 public:
  explicit CallbackService(Executor executor) : executor_(std::move(executor)) {
    AddMethod(new grpc::internal::RpcServiceMethod(kMethod, grpc::internal::RpcMethod::NORMAL_RPC,
                                                   nullptr));
    MarkMethodCallback(0, new grpc::internal::CallbackUnaryHandler<NoopRequest, NoopResponse>(
                              [this](grpc::CallbackServerContext*, const NoopRequest* request,
                                     NoopResponse* response) {
                                auto* reactor = new Reactor;
                                executor_([reactor, request, response] {
                                  Answer(*request, *response);
                                  reactor->Finish(grpc::Status::OK);
                                });
                                return reactor;
                              }));
  }

 private:
  struct Reactor : grpc::ServerUnaryReactor {
    void OnDone() override { delete this; }
    void OnCancel() override {}
  };
  Executor executor_;
};

// What grpc_cpp_plugin would generate for the completion queue API.
class TypedService : public grpc::Service {
 public:
  TypedService() {
    AddMethod(new grpc::internal::RpcServiceMethod(kMethod, grpc::internal::RpcMethod::NORMAL_RPC,
                                                   nullptr));
    MarkMethodAsync(0);
  }
  void Request(grpc::ServerContext* context, NoopRequest* request,
               grpc::ServerAsyncResponseWriter<NoopResponse>* writer,
               grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(0, context, request, writer, queue, queue, tag);
  }
};

using Event = std::function<void(bool)>;

class TypedCall {
 public:
  static void Accept(TypedService& service, grpc::ServerCompletionQueue& queue) {
    auto* call = new TypedCall(service, queue);
    call->context_.AsyncNotifyWhenDone(&call->on_done_);
    service.Request(&call->context_, &call->request_, &call->writer_, &queue, &call->on_call_);
  }

 private:
  TypedCall(TypedService& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue) {}

  void OnCall(bool ok) {
    if (!ok) return delete this;
    Accept(service_, queue_);
    NoopResponse response;
    Answer(request_, response);
    writer_.Finish(response, grpc::Status::OK, &on_finish_);
  }
  void Return() {
    if (--pending_ == 0) delete this;
  }

  TypedService& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::ServerContext context_;
  NoopRequest request_;
  grpc::ServerAsyncResponseWriter<NoopResponse> writer_{&context_};
  int pending_ = 2;
  Event on_call_ = [this](bool ok) { OnCall(ok); };
  Event on_finish_ = [this](bool) { Return(); };
  Event on_done_ = [this](bool) { Return(); };
};

class GenericCall {
 public:
  static void Accept(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue) {
    auto* call = new GenericCall(service, queue);
    call->context_.AsyncNotifyWhenDone(&call->on_done_);
    service.RequestCall(&call->context_, &call->stream_, &queue, &queue, &call->on_call_);
  }

 private:
  GenericCall(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue) {}

  void OnCall(bool ok) {
    if (!ok) return delete this;
    Accept(service_, queue_);
    stream_.Read(&buffer_, &on_read_);
  }
  void OnRead(bool ok) {
    NoopRequest request;
    if (!ok || !grpc::SerializationTraits<NoopRequest>::Deserialize(&buffer_, &request).ok()) {
      stream_.Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, ""), &on_finish_);
      return;
    }
    NoopResponse response;
    Answer(request, response);
    grpc::ByteBuffer bytes;
    bool own;
    (void)grpc::SerializationTraits<NoopResponse>::Serialize(response, &bytes, &own);
    stream_.WriteAndFinish(bytes, grpc::WriteOptions(), grpc::Status::OK, &on_finish_);
  }
  void Return() {
    if (--pending_ == 0) delete this;
  }

  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer buffer_;
  int pending_ = 2;
  Event on_call_ = [this](bool ok) { OnCall(ok); };
  Event on_read_ = [this](bool ok) { OnRead(ok); };
  Event on_finish_ = [this](bool) { Return(); };
  Event on_done_ = [this](bool) { Return(); };
};

void ServeCallback(const Executor& executor) {
  CallbackService service(executor);
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  int port = 0;
  const auto server = Build(builder, port);
  WaitForEnd(port);
  server->Shutdown();
}

// `Service` and `Call` are one of the pairs above.
template <typename Service, typename Call, typename Register>
void ServeQueue(const Executor& executor, Register register_service) {
  Service service;
  grpc::ServerBuilder builder;
  register_service(builder, service);
  const auto queue = builder.AddCompletionQueue();
  int port = 0;
  const auto server = Build(builder, port);
  for (int i = 0; i < kPendingAccepts; ++i) Call::Accept(service, *queue);
  std::thread poller([&] {
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) {
      executor([event = static_cast<Event*>(tag), ok] { (*event)(ok); });
    }
  });
  WaitForEnd(port);
  server->Shutdown();
  queue->Shutdown();
  poller.join();
}

base::Task<absl::StatusOr<NoopResponse>> Noop(base::CallContext context, NoopRequest request) {
  NoopResponse response;
  Answer(request, response);
  co_return response;
}

void ServeBridge(base::Loop& loop, bool with_chain) {
  rpc::MethodRegistry registry;
  registry.AddUnary<NoopRequest, NoopResponse>(
      kMethod, [](base::CallContext context, NoopRequest request) {
        return Noop(std::move(context), std::move(request));
      });
  const base::SystemClock clock;
  prometheus::Registry metrics;
  std::vector<std::unique_ptr<rpc::Interceptor>> only_parse;
  only_parse.push_back(std::make_unique<rpc::ParseInterceptor>());
  const rpc::InterceptorChain chain = with_chain
                                          ? rpc::BuildChain({.clock = clock, .metrics = metrics})
                                          : rpc::InterceptorChain(std::move(only_parse));
  auto server = rpc::Server::Start({}, {&loop}, registry, chain);
  if (!server.ok()) {
    std::cerr << server.status() << "\n";
    return;
  }
  WaitForEnd((*server)->port());
  (*server)->Shutdown({});
}

bool Serve(const std::string& shape, base::Loop& loop) {
  const Executor here = [](const std::function<void()>& fn) { fn(); };
  const Executor there = [&loop](std::function<void()> fn) { loop.Post(std::move(fn)); };
  const auto typed = [](grpc::ServerBuilder& builder, TypedService& service) {
    builder.RegisterService(&service);
  };
  const auto generic = [](grpc::ServerBuilder& builder, grpc::AsyncGenericService& service) {
    builder.RegisterAsyncGenericService(&service);
  };
  if (shape == "callback") {
    ServeCallback(here);
  } else if (shape == "callback_loop") {
    ServeCallback(there);
  } else if (shape == "typed_inline") {
    ServeQueue<TypedService, TypedCall>(here, typed);
  } else if (shape == "typed_loop") {
    ServeQueue<TypedService, TypedCall>(there, typed);
  } else if (shape == "generic_inline") {
    ServeQueue<grpc::AsyncGenericService, GenericCall>(here, generic);
  } else if (shape == "generic_loop") {
    ServeQueue<grpc::AsyncGenericService, GenericCall>(there, generic);
  } else if (shape == "bridge") {
    ServeBridge(loop, /*with_chain=*/false);
  } else if (shape == "chain") {
    ServeBridge(loop, /*with_chain=*/true);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::string shape;
  CLI::App app("A no-op server in one shape of the gRPC API");
  app.add_option("--shape", shape)->required();
  CLI11_PARSE(app, argc, argv);
  base::Loop loop("bench-loop");
  loop.Start();
  const bool known = Serve(shape, loop);
  loop.Stop();
  return known ? 0 : 2;
}
