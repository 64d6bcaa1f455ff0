#ifndef GATEHOUSE_RPC_CHAIN_INTERCEPTOR_CHAIN_H_
#define GATEHOUSE_RPC_CHAIN_INTERCEPTOR_CHAIN_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// What stands at the inner end of the chain.
class CallBody {
 public:
  virtual base::Task<absl::Status> RunHandler() = 0;
  // What the call ends with, given what the links or the handler returned and
  // whether it was cancelled meanwhile.
  virtual absl::Status ResolveOutcome(absl::Status status) const = 0;

 protected:
  ~CallBody() = default;
};

// The interceptors of a server, in order. Immutable; shared by all loops.
class InterceptorChain {
 public:
  explicit InterceptorChain(std::vector<std::unique_ptr<Interceptor>> links)
      : links_(std::move(links)) {}

  // Takes one call through. `call`, `body` and the chain outlive the task.
  // Never throws.
  base::Task<absl::Status> Run(ServerCall& call, CallBody& body) const;

  std::vector<std::string_view> names() const;

 private:
  std::vector<std::unique_ptr<Interceptor>> links_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_CHAIN_INTERCEPTOR_CHAIN_H_
