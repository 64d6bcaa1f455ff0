#ifndef GATEHOUSE_RPC_METHOD_METHOD_HANDLER_H_
#define GATEHOUSE_RPC_METHOD_METHOD_HANDLER_H_

#include <google/protobuf/message.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "rpc/method/message_stream.h"

namespace gatehouse::rpc {

// What serves one method, with its message types erased. Made by
// MethodRegistry's templates.
class MethodHandler {
 public:
  virtual ~MethodHandler() = default;

  virtual const google::protobuf::Message& request_prototype() const = 0;
  virtual const google::protobuf::Message& response_prototype() const = 0;

  // Runs the handler. `request` is of the prototype's type, null for
  // bidirectional methods. The handler, `stream` and what the registered
  // function refers to outlive the task.
  virtual base::Task<absl::Status> Handle(base::CallContext context,
                                          std::unique_ptr<google::protobuf::Message> request,
                                          MessageStream& stream) const = 0;
};

template <typename Request, typename Response>
class TypedHandler : public MethodHandler {
 public:
  const google::protobuf::Message& request_prototype() const override {
    return Request::default_instance();
  }
  const google::protobuf::Message& response_prototype() const override {
    return Response::default_instance();
  }
};

// `Fn`: Task<StatusOr<Response>>(CallContext, Request), or the same with Encoded<Response>.
template <typename Request, typename Response, typename Fn>
class UnaryHandler final : public TypedHandler<Request, Response> {
 public:
  explicit UnaryHandler(Fn fn) : fn_(std::move(fn)) {}

  base::Task<absl::Status> Handle(base::CallContext context,
                                  std::unique_ptr<google::protobuf::Message> request,
                                  MessageStream& stream) const override {
    auto task = fn_(std::move(context), std::move(static_cast<Request&>(*request)));
    auto response = co_await std::move(task);
    if (!response.ok()) co_return std::move(response).status();
    SetResponse(stream, *response);
    co_return absl::OkStatus();
  }

 private:
  static void SetResponse(MessageStream& stream, const Response& response) {
    stream.SetResponse(response);
  }
  static void SetResponse(MessageStream& stream, const Encoded<Response>& response) {
    stream.SetEncodedResponse(*response.bytes);
  }

  Fn fn_;
};

// `Fn`: Task<Status>(CallContext, Request, Writer<Response>).
template <typename Request, typename Response, typename Fn>
class ServerStreamingHandler final : public TypedHandler<Request, Response> {
 public:
  explicit ServerStreamingHandler(Fn fn) : fn_(std::move(fn)) {}

  base::Task<absl::Status> Handle(base::CallContext context,
                                  std::unique_ptr<google::protobuf::Message> request,
                                  MessageStream& stream) const override {
    return fn_(std::move(context), std::move(static_cast<Request&>(*request)),
               Writer<Response>(stream));
  }

 private:
  Fn fn_;
};

// `Fn`: Task<Status>(CallContext, Reader<Request>, Writer<Response>).
template <typename Request, typename Response, typename Fn>
class BidiHandler final : public TypedHandler<Request, Response> {
 public:
  explicit BidiHandler(Fn fn) : fn_(std::move(fn)) {}

  base::Task<absl::Status> Handle(base::CallContext context,
                                  std::unique_ptr<google::protobuf::Message> request,
                                  MessageStream& stream) const override {
    return fn_(std::move(context), Reader<Request>(stream), Writer<Response>(stream));
  }

 private:
  Fn fn_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_METHOD_METHOD_HANDLER_H_
