#ifndef GATEHOUSE_SERVICE_COMMON_MUTATION_METHODS_H_
#define GATEHOUSE_SERVICE_COMMON_MUTATION_METHODS_H_

#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "rpc/method/service_methods.h"
#include "service/common/idempotent.h"

namespace gatehouse::service {

// Registers mutations: member functions that take the call's MutationKey and run once per
// request_id.
//
//   rpc::ServiceMethods methods(registry, service, "gatehouse.v1.UserService");
//   MutationMethods mutations(methods, service.once());
//   mutations.Add("UpdateUser", Replay::kLookUpFirst, &UserService::UpdateUser);
//
// Needed only while registering; `once` and the service outlive every call.
template <typename Service>
class MutationMethods {
 public:
  template <typename Request, typename Response>
  using Handler = base::Task<absl::StatusOr<Response>> (Service::*)(base::CallContext, Request,
                                                                    MutationKey);

  MutationMethods(rpc::ServiceMethods<Service>& methods, IdempotentCalls& once)
      : methods_(methods), once_(once) {}

  template <typename Request, typename Response>
  void Add(const std::string& method_name, Replay replay, Handler<Request, Response> handler) {
    Add(method_name, [replay](const Request&) { return replay; }, handler);
  }

  // `replay_of`: Replay(const Request&), where it depends on the request.
  template <typename ReplayOf, typename Request, typename Response>
    requires std::is_invocable_r_v<Replay, ReplayOf, const Request&>
  void Add(const std::string& method_name, ReplayOf replay_of, Handler<Request, Response> handler) {
    methods_.template AddFunction<Request, Response>(
        method_name, [&once = once_, replay_of, handler](Service& service, base::CallContext ctx,
                                                         Request request) {
          const Replay replay = replay_of(request);
          return once.Run(std::move(ctx), std::move(request), replay, &service, handler);
        });
  }

 private:
  rpc::ServiceMethods<Service>& methods_;
  IdempotentCalls& once_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_MUTATION_METHODS_H_
