#ifndef GATEHOUSE_RPC_INTERCEPTORS_DEADLINE_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_DEADLINE_INTERCEPTOR_H_

#include <chrono>

#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// Gives every call its deadline: the client's, but for unary calls not later
// than the server's own maximum. Refuses a call whose deadline has passed
// already; cancels one whose deadline passes.
class DeadlineInterceptor final : public Interceptor {
 public:
  explicit DeadlineInterceptor(std::chrono::milliseconds max_unary) : max_unary_(max_unary) {}

  std::string_view name() const override { return "deadline"; }
  Decision Before(ServerCall& call) override;

 private:
  const std::chrono::milliseconds max_unary_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_DEADLINE_INTERCEPTOR_H_
