#include "auth/verifier/message_call.h"

#include <google/protobuf/message_lite.h>
#include <grpc/support/time.h>

#include <vector>

namespace gatehouse::auth {
namespace {

// Beginning and ending depend on no other side once the call is cancelled or has a connection.
constexpr std::chrono::seconds kPatience{10};

grpc::ByteBuffer ToBuffer(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool Parse(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite* message) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return false;
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return message->ParseFromString(bytes);
}

}  // namespace

MessageCall::MessageCall(grpc::GenericStub& stub, const std::string& method,
                         const std::string& credential) {
  if (!credential.empty()) context_.AddMetadata("authorization", "Bearer " + credential);
  call_ = stub.PrepareCall(&context_, method, &queue_);
}

bool MessageCall::Send(const google::protobuf::MessageLite& request) {
  begun_ = true;
  call_->StartCall(this);
  ++under_way_;
  if (Wait(kPatience) != Heard::kMessage) return false;
  call_->WriteLast(ToBuffer(request), grpc::WriteOptions(), this);
  ++under_way_;
  return Wait(kPatience) == Heard::kMessage;
}

MessageCall::~MessageCall() {
  Cancel();
  if (!finished_) Finish().IgnoreError();
  queue_.Shutdown();
  void* tag;
  bool ok;
  while (queue_.Next(&tag, &ok)) {
  }
}

MessageCall::Heard MessageCall::Wait(std::chrono::milliseconds patience) {
  const gpr_timespec until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                          gpr_time_from_millis(patience.count(), GPR_TIMESPAN));
  void* tag;
  bool ok = false;
  if (queue_.AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) {
    Cancel();
    return Heard::kNothing;
  }
  --under_way_;
  return ok ? Heard::kMessage : Heard::kEnd;
}

MessageCall::Heard MessageCall::Read(google::protobuf::MessageLite* message,
                                     std::chrono::milliseconds patience) {
  // What did not come back in time has cancelled the call.
  if (under_way_ > 0) return Heard::kNothing;
  call_->Read(&read_, this);
  ++under_way_;
  const Heard heard = Wait(patience);
  if (heard == Heard::kMessage && !Parse(read_, message)) {
    Cancel();
    return Heard::kEnd;
  }
  return heard;
}

absl::Status MessageCall::Finish() {
  finished_ = true;
  if (!begun_) return absl::CancelledError("not begun");
  call_->Finish(&status_, this);
  ++under_way_;
  while (under_way_ > 0) {
    void* tag;
    bool ok;
    if (!queue_.Next(&tag, &ok)) break;
    --under_way_;
  }
  return absl::Status(static_cast<absl::StatusCode>(status_.error_code()), status_.error_message());
}

}  // namespace gatehouse::auth
