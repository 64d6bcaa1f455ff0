#ifndef GATEHOUSE_RPC_METHOD_SERVICE_METHODS_H_
#define GATEHOUSE_RPC_METHOD_SERVICE_METHODS_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "rpc/method/message_stream.h"
#include "rpc/method/method_registry.h"

namespace gatehouse::rpc {

// Registers member functions of one service object as its unary methods.
//
//   ServiceMethods methods(registry, service, "gatehouse.v1.UserService");
//   methods.Add("GetUser", &UserService::GetUser);
//
// Needed only while registering; `service` outlives every call.
template <typename Service>
class ServiceMethods {
 public:
  ServiceMethods(MethodRegistry& registry, Service& service, std::string name)
      : registry_(registry), service_(service), name_(std::move(name)) {}

  template <typename Request, typename Response>
  void Add(const std::string& method_name,
           base::Task<absl::StatusOr<Response>> (Service::*method)(base::CallContext, Request)) {
    AddFunction<Request, Response>(
        method_name, [method](Service& service, base::CallContext ctx, Request request) {
          return (service.*method)(std::move(ctx), std::move(request));
        });
  }

  // Of a method that answers with a message that is serialised already.
  template <typename Request, typename Response>
  void Add(const std::string& method_name,
           base::Task<absl::StatusOr<Encoded<Response>>> (Service::*method)(base::CallContext,
                                                                            Request)) {
    AddFunction<Request, Response>(
        method_name, [method](Service& service, base::CallContext ctx, Request request) {
          return (service.*method)(std::move(ctx), std::move(request));
        });
  }

  // `Fn`: Task<StatusOr<Response>>(Service&, CallContext, Request), an ordinary function as for
  // MethodRegistry: what puts something around the member function.
  template <typename Request, typename Response, typename Fn>
  void AddFunction(const std::string& method_name, Fn fn) {
    registry_.AddUnary<Request, Response>(
        "/" + name_ + "/" + method_name,
        [&service = service_, fn = std::move(fn)](base::CallContext ctx, Request request) {
          return fn(service, std::move(ctx), std::move(request));
        });
  }

 private:
  MethodRegistry& registry_;
  Service& service_;
  const std::string name_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_METHOD_SERVICE_METHODS_H_
