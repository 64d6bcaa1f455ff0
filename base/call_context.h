#ifndef GATEHOUSE_BASE_CALL_CONTEXT_H_
#define GATEHOUSE_BASE_CALL_CONTEXT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/ip_address.h"
#include "base/principal.h"
#include "base/recycled_memory.h"
#include "base/time.h"

namespace gatehouse::base {

// What belongs to one call and goes with it everywhere, as the first
// parameter: its deadline, its principal, its ids, its cancellation, its loop.
// Workers make one per piece of work.
//
// A cheap handle: copies share one state. Thread: the call's loop.
class CallContext {
 public:
  struct Options {
    // Absolute. Nothing done for the call outlasts it.
    SteadyTime deadline = SteadyTime::max();
    Principal principal = {};
    // From x-request-id or made by the server; returned in the trailers.
    std::string request_id = {};
    // W3C Trace Context, verbatim; empty if the caller sent none.
    std::string traceparent = {};
    // "/gatehouse.v1.UserService/GetUser", or a worker's name.
    std::string method = {};
    // The caller's address, if it has one, and its user agent.
    std::optional<IpAddress> peer = {};
    std::string user_agent = {};
    // Of its own by default; a worker's pieces of work share the worker's.
    CancelToken cancel = {};
  };

  CallContext(Loop& loop, Options options)
      : state_(std::allocate_shared<State>(RecyclingAllocator<State>(),
                                           State{&loop, std::move(options)})) {}

  Loop& loop() const { return *state_->loop; }
  SteadyTime deadline() const { return state_->options.deadline; }
  const Principal& principal() const {
    return state_->principal ? *state_->principal : state_->options.principal;
  }
  const std::string& request_id() const { return state_->options.request_id; }
  const std::string& traceparent() const { return state_->options.traceparent; }
  const std::string& method() const { return state_->options.method; }
  const std::optional<IpAddress>& peer() const { return state_->options.peer; }
  // As text; empty if there is none.
  std::string peer_ip() const { return peer() ? peer()->ToString() : std::string(); }
  // What the caller is counted as where addresses are counted.
  std::string client_key() const { return peer() ? peer()->ClientKey() : std::string(); }
  const std::string& user_agent() const { return state_->options.user_agent; }
  const CancelToken& cancel() const { return state_->options.cancel; }

  // Whether the caller's credential is still good and still permits the method. For streams, which
  // outlive the check at their beginning: to be asked every second or so, and before data leaves
  // after a wait. An error ends the stream.
  Task<absl::Status> Recheck() const {
    if (!state_->recheck) co_return absl::OkStatus();
    co_return co_await state_->recheck(*this);
  }

  // For the interceptors alone.
  void set_recheck(std::function<Task<absl::Status>(CallContext)> recheck) const {
    state_->recheck = std::move(recheck);
  }
  void set_principal(std::shared_ptr<const Principal> principal) const {
    state_->principal = std::move(principal);
  }
  void set_deadline(SteadyTime deadline) const { state_->options.deadline = deadline; }
  void set_request_id(std::string id) const { state_->options.request_id = std::move(id); }
  void set_traceparent(std::string value) const { state_->options.traceparent = std::move(value); }

 private:
  struct State {
    Loop* loop;
    Options options;
    std::function<Task<absl::Status>(CallContext)> recheck = {};
    // Shared with what the authenticator knows; null: that of the options.
    std::shared_ptr<const Principal> principal = {};
  };

  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_CALL_CONTEXT_H_
