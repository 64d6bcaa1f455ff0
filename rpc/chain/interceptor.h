#ifndef GATEHOUSE_RPC_CHAIN_INTERCEPTOR_H_
#define GATEHOUSE_RPC_CHAIN_INTERCEPTOR_H_

#include <exception>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "rpc/chain/server_call.h"

namespace gatehouse::rpc {

// What an interceptor decides before the handler runs: go on (OK), refuse (an
// error), or wait for a task that will tell. Deciding at once costs nothing:
// no coroutine is made.
class Decision {
 public:
  Decision(absl::Status status) : value_(std::move(status)) {}          // NOLINT: implicit
  Decision(base::Task<absl::Status> task) : value_(std::move(task)) {}  // NOLINT: implicit

  static Decision Continue() { return Decision(absl::OkStatus()); }

  // Null unless the decision must be awaited.
  base::Task<absl::Status>* task() { return std::get_if<base::Task<absl::Status>>(&value_); }
  absl::Status&& status() && { return std::get<absl::Status>(std::move(value_)); }

 private:
  std::variant<absl::Status, base::Task<absl::Status>> value_;
};

// One link of the chain every call goes through. gRPC 1.51's own server
// interceptors cannot refuse a call, hence ours.
//
// One object serves all calls on all loops: state shared among calls is
// thread-safe. The hooks of one call run on its Loop.
//
// Order: Before of the first link, ..., Before of the last, handler, After of
// the last, ..., After of the first. A link that refuses ends the way in; OnError
// and After run for the links before it, not for itself.
class Interceptor {
 public:
  virtual ~Interceptor() = default;

  // For the test of the order, and for logs.
  virtual std::string_view name() const = 0;

  virtual Decision Before(ServerCall& call) { return Decision::Continue(); }

  // What must have happened before the answer to an error leaves, where that takes a
  // while; nullopt: nothing. Sees the error of the handler or of a link inside this
  // one, as it was returned, even if the call has been cancelled meanwhile. Runs
  // before any After.
  virtual std::optional<base::Task<void>> OnError(ServerCall& call, const absl::Status& status) {
    return std::nullopt;
  }

  // Sees the outcome of what is inside this link and may replace it. Must not
  // throw.
  virtual void After(ServerCall& call, absl::Status& status) {}

  // Turns an exception from a link or handler inside this one into a status;
  // nullopt leaves it to the links outside.
  virtual std::optional<absl::Status> Recover(ServerCall& call, std::exception_ptr exception) {
    return std::nullopt;
  }
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_CHAIN_INTERCEPTOR_H_
