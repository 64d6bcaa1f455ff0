#ifndef GATEHOUSE_RPC_CHAIN_SERVER_CALL_H_
#define GATEHOUSE_RPC_CHAIN_SERVER_CALL_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "rpc/chain/client_certificate.h"
#include "rpc/method/method_info.h"

namespace google::protobuf {
class Message;
}

namespace gatehouse::rpc {

// One call as the interceptors see it. Owned by LoopCalls, which keeps it until its
// transport lets go of it; it outlives the chain and the handler. Thread: the call's Loop.
class ServerCall {
 public:
  virtual ~ServerCall() = default;

  virtual const MethodInfo& method() const = 0;
  // The same context the handler gets. Interceptors fill it in.
  virtual const base::CallContext& context() const = 0;
  virtual base::SteadyTime start_time() const = 0;

  // The value of a request header; names are lower case. The view lives until the
  // call has its status. Values are as the client sent them: any bytes. One that came
  // several times counts as none: a proxy may have gone by another of its values.
  virtual std::optional<std::string_view> Metadata(std::string_view name) const = 0;
  // Goes back before the first message of the answer. Before the handler runs.
  virtual void AddHeader(std::string_view name, std::string_view value) = 0;
  // Goes back with the status.
  virtual void AddTrailer(std::string_view name, std::string_view value) = 0;

  // Null if the client has shown none.
  virtual const ClientCertificate* client_certificate() const = 0;
  // How long the client still waits; nullopt if it set no deadline.
  virtual std::optional<std::chrono::nanoseconds> ClientTimeLeft() const = 0;
  // Cancels the call with DEADLINE_EXCEEDED at `when` unless it ended before.
  virtual void CancelAt(base::SteadyTime when) = 0;

  // The size of the request message, before it is read too; 0 for methods that are called before
  // their message is there.
  virtual size_t RequestBytes() const = 0;
  // Reads and parses the first request message of a method that is not
  // bidirectional. INVALID_ARGUMENT MALFORMED_REQUEST, or RESOURCE_EXHAUSTED
  // MESSAGE_TOO_LARGE. Called once, by ParseInterceptor.
  virtual base::Task<absl::Status> ReadRequest() = 0;
  // The message, once ReadRequest succeeded; null before and for
  // bidirectional methods.
  virtual const google::protobuf::Message* request() const = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_CHAIN_SERVER_CALL_H_
