#ifndef GATEHOUSE_RPC_INTERCEPTORS_RECOVER_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_RECOVER_INTERCEPTOR_H_

#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// Turns an exception, which only a bug or a lack of memory throws, into an
// INTERNAL error of that one call. Its text goes to the log, not to the caller.
class RecoverInterceptor final : public Interceptor {
 public:
  std::string_view name() const override { return "recover"; }
  std::optional<absl::Status> Recover(ServerCall& call, std::exception_ptr exception) override;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_RECOVER_INTERCEPTOR_H_
