#ifndef GATEHOUSE_SERVICE_RPC_INTERCEPTORS_RECOVER_INTERCEPTOR_H_
#define GATEHOUSE_SERVICE_RPC_INTERCEPTORS_RECOVER_INTERCEPTOR_H_

#include "service/rpc/interceptor.h"

namespace gatehouse::service::rpc {

// Turns an exception, which only a bug or a lack of memory throws, into an
// INTERNAL error of that one call. Its text goes to the log, not to the caller.
class RecoverInterceptor final : public Interceptor {
 public:
  std::string_view name() const override { return "recover"; }
  std::optional<absl::Status> Recover(ServerCall& call, std::exception_ptr exception) override;
};

}  // namespace gatehouse::service::rpc

#endif  // GATEHOUSE_SERVICE_RPC_INTERCEPTORS_RECOVER_INTERCEPTOR_H_
