#ifndef GATEHOUSE_SERVICE_COMMON_HANDLER_METHODS_H_
#define GATEHOUSE_SERVICE_COMMON_HANDLER_METHODS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "rpc/method/message_stream.h"
#include "rpc/method/method_registry.h"
#include "service/common/idempotent.h"

namespace gatehouse::service {

// Registers the handlers of one service, member functions, as its methods: what a handler takes
// says which kind it is.
//
//   HandlerMethods methods(registry, service, "gatehouse.v1.UserService");
//   methods.Add("GetUser", &UserService::GetUser);
//
// The build writes that for every method of the .proto file (tools/bazel/service.bzl). Needed
// only while registering; `service` outlives every call.
template <typename Service>
class HandlerMethods {
 public:
  HandlerMethods(rpc::MethodRegistry& registry, Service& service, const std::string& name)
      : registry_(registry), service_(service), prefix_("/" + name + "/") {}

  // A handler that is called each time.
  template <typename Request, typename Response>
  void Add(const std::string& method_name,
           base::Task<absl::StatusOr<Response>> (Service::*handler)(base::CallContext, Request)) {
    AddPlain<Request, Response>(method_name, handler);
  }

  // The same of one whose answer is serialised already.
  template <typename Request, typename Response>
  void Add(const std::string& method_name,
           base::Task<absl::StatusOr<rpc::Encoded<Response>>> (Service::*handler)(base::CallContext,
                                                                                  Request)) {
    AddPlain<Request, Response>(method_name, handler);
  }

  // A mutation: runs once per request_id, by `service.once()`.
  template <typename Request, typename Response>
  void Add(const std::string& method_name,
           base::Task<absl::StatusOr<Response>> (Service::*handler)(base::CallContext, Request,
                                                                    MutationKey)) {
    registry_.AddUnary<Request, Response>(
        prefix_ + method_name,
        [&service = service_, handler](base::CallContext ctx, Request request) {
          const Replay replay = ReplayOf(request);
          return service.once().Run(std::move(ctx), std::move(request), replay, &service, handler);
        });
  }

  // A handler that answers with a stream.
  template <typename Request, typename Response>
  void Add(const std::string& method_name,
           base::Task<absl::Status> (Service::*handler)(base::CallContext, Request,
                                                        rpc::Writer<Response>)) {
    registry_.AddServerStreaming<Request, Response>(
        prefix_ + method_name,
        [&service = service_, handler](base::CallContext ctx, Request request,
                                       rpc::Writer<Response> writer) {
          return (service.*handler)(std::move(ctx), std::move(request), writer);
        });
  }

  // A handler of a stream in both directions.
  template <typename Request, typename Response>
  void Add(const std::string& method_name,
           base::Task<absl::Status> (Service::*handler)(base::CallContext, rpc::Reader<Request>,
                                                        rpc::Writer<Response>)) {
    registry_.AddBidiStreaming<Request, Response>(
        prefix_ + method_name,
        [&service = service_, handler](base::CallContext ctx, rpc::Reader<Request> reader,
                                       rpc::Writer<Response> writer) {
          return (service.*handler)(std::move(ctx), reader, writer);
        });
  }

 private:
  template <typename Request, typename Response, typename Handler>
  void AddPlain(const std::string& method_name, Handler handler) {
    registry_.AddUnary<Request, Response>(
        prefix_ + method_name,
        [&service = service_, handler](base::CallContext ctx, Request request) {
          return (service.*handler)(std::move(ctx), std::move(request));
        });
  }

  // As `Service::ReplayOf(request)` says, where there is one for the request.
  template <typename Request>
  static Replay ReplayOf(const Request& request) {
    if constexpr (requires { Service::ReplayOf(request); }) {
      return Service::ReplayOf(request);
    } else {
      return Replay::kLookUpFirst;
    }
  }

  rpc::MethodRegistry& registry_;
  Service& service_;
  const std::string prefix_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_HANDLER_METHODS_H_
