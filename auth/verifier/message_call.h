#ifndef GATEHOUSE_AUTH_VERIFIER_MESSAGE_CALL_H_
#define GATEHOUSE_AUTH_VERIFIER_MESSAGE_CALL_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace google::protobuf {
class MessageLite;
}

namespace gatehouse::auth {

// One call with one request and any number of answers, of which none may be waited for longer than
// the caller says. Destroying it cancels.
//
// Thread: one, but for Cancel.
class MessageCall {
 public:
  // `method` as on the wire. `credential`: for "authorization: Bearer"; empty: none. Nothing is
  // sent yet.
  MessageCall(grpc::GenericStub& stub, const std::string& method, const std::string& credential);
  ~MessageCall();
  MessageCall(const MessageCall&) = delete;
  MessageCall& operator=(const MessageCall&) = delete;

  // Before it begins.
  void AddMetadata(const std::string& name, const std::string& value) {
    context_.AddMetadata(name, value);
  }

  // Begins it; once. False if that did not work: see Finish.
  bool Send(const google::protobuf::MessageLite& request);

  enum class Heard { kMessage, kEnd, kNothing };
  // Waits for the next message. After kNothing the call is over, and will end as cancelled.
  Heard Read(google::protobuf::MessageLite* message, std::chrono::milliseconds patience);
  // How it ended. Waits for the end, which is near after kEnd, kNothing and Cancel. Once.
  absl::Status Finish();

  // From any thread, also before it began.
  void Cancel() { context_.TryCancel(); }

 private:
  // Of the operation that is under way.
  Heard Wait(std::chrono::milliseconds patience);

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::ByteBuffer read_;
  grpc::Status status_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  // Started and not come back.
  int under_way_ = 0;
  bool begun_ = false;
  bool finished_ = false;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERIFIER_MESSAGE_CALL_H_
