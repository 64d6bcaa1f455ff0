#ifndef GATEHOUSE_RPC_CALL_H_
#define GATEHOUSE_RPC_CALL_H_

#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/recycled_memory.h"
#include "rpc/chain/interceptor_chain.h"
#include "rpc/chain/server_call.h"
#include "rpc/deadline_queue.h"
#include "rpc/method/message_stream.h"
#include "rpc/method/method_registry.h"
#include "rpc/transport.h"

namespace gatehouse::rpc {

class Call;

// What the calls of one loop share.
struct CallEnvironment {
  // Told when a call's transport has let go of it; deletes the call.
  class Owner {
   public:
    virtual void Release(Call* call) = 0;

   protected:
    ~Owner() = default;
  };

  base::Loop& loop;
  const InterceptorChain& chain;
  DeadlineQueue& deadlines;
  Owner& owner;
};

// One call between its transport and its handler: runs the chain, carries
// cancellation to the handler, finishes exactly once.
//
// Lifetime: from acceptance until OnReleased. Thread: the call's Loop.
//
// Cancellation has three sources (client gone, deadline, shutdown), of which
// the first one counts. Each fires the context's token and ends a waiting Read;
// the handler unwinds and the call finishes the usual way, with the status of
// its cause.
class Call final : public base::Recycled,
                   public ServerCall,
                   public MessageStream,
                   public CallBody,
                   private CallEvents,
                   private DeadlineQueue::Target {
 public:
  // `method` is null for a method the server does not have.
  Call(CallEnvironment& environment, CallTransport& transport, const Method* method);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // The life of the call up to its status. Run once.
  base::Task<void> Run();

  // Cancels with an error of the given kind, unless already cancelled.
  enum class Cause { kNone, kClientGone, kDeadline, kShutdown };
  void Cancel(Cause cause);

  bool is_stream() const { return method().kind != MethodKind::kUnary; }

  // ServerCall
  const MethodInfo& method() const override;
  const base::CallContext& context() const override { return context_; }
  base::SteadyTime start_time() const override { return start_time_; }
  std::optional<std::string_view> Metadata(std::string_view name) const override;
  void AddHeader(std::string_view name, std::string_view value) override;
  void AddTrailer(std::string_view name, std::string_view value) override;
  const ClientCertificate* client_certificate() const override;
  std::optional<std::chrono::nanoseconds> ClientTimeLeft() const override;
  void CancelAt(base::SteadyTime when) override;
  size_t RequestBytes() const override { return transport_.ReadSize(); }
  base::Task<absl::Status> ReadRequest() override;
  const google::protobuf::Message* request() const override { return request_.get(); }

  // MessageStream
  void SetResponse(const google::protobuf::Message& response) override;
  void SetEncodedResponse(std::string_view bytes) override;
  base::Task<bool> Write(const google::protobuf::Message& message) override;
  base::Task<bool> Read(google::protobuf::Message* message) override;
  void StopReading() override;

  // CallBody
  base::Task<absl::Status> RunHandler() override;
  absl::Status ResolveOutcome(absl::Status status) const override;

 private:
  // The coroutine that waits for the wire; at most one in each direction.
  struct Waiter {
    std::coroutine_handle<> coroutine;
    bool ok = false;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept { coroutine = handle; }
    bool await_resume() const noexcept { return ok; }
    void Resume(bool result) {
      ok = result;
      if (auto waiting = std::exchange(coroutine, nullptr)) waiting.resume();
    }
  };

  void OnRead(bool ok) override;
  void OnWrite(bool ok) override;
  void OnCancelled() override;
  void OnReleased() override;
  void OnDeadline() override;

  // Waits for a message and parses it. False at the end of the stream, and
  // with read_error_ set for a message that is not acceptable.
  base::Task<bool> ReadMessage(google::protobuf::Message* message);
  void Finish(absl::Status status);
  absl::Status CauseStatus() const;

  CallEnvironment& environment_;
  CallTransport& transport_;
  const Method* const method_;
  const base::SteadyTime start_time_;
  const base::CallContext context_;
  std::unique_ptr<google::protobuf::Message> request_;
  std::optional<DeadlineQueue::Handle> deadline_;
  Waiter reader_;
  Waiter writer_;
  // A Read that the handler gave up on may still be under way.
  bool read_pending_ = false;
  bool reading_stopped_ = false;
  bool write_pending_ = false;
  absl::Status read_error_;
  bool finished_ = false;
  Cause cause_ = Cause::kNone;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_CALL_H_
