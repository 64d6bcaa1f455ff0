// The part of Call that reads and writes messages.

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "rpc/call.h"

namespace gatehouse::rpc {
namespace {

// Protobuf's parser does not say which of them it is.
absl::Status Malformed() {
  const int depth = google::protobuf::io::CodedInputStream::GetDefaultRecursionLimit();
  return base::MakeError(
      absl::StatusCode::kInvalidArgument,
      "the message is malformed, holds a string that is not UTF-8, or has more than " +
          std::to_string(depth) + " messages within one another (three for each object of JSON)",
      {.reason = base::Reason::kMalformedRequest});
}

}  // namespace

base::Task<absl::Status> Call::ReadRequest() {
  request_.reset(method_->handler->request_prototype().New());
  if (co_await ReadMessage(request_.get())) co_return absl::OkStatus();
  request_.reset();
  if (!read_error_.ok()) co_return read_error_;
  if (cause_ != Cause::kNone) co_return CauseStatus();
  // The client closed its side without sending anything.
  co_return Malformed();
}

base::Task<bool> Call::Read(google::protobuf::Message* message) { return ReadMessage(message); }

void Call::StopReading() {
  reading_stopped_ = true;
  reader_.Resume(false);
}

base::Task<bool> Call::ReadMessage(google::protobuf::Message* message) {
  if (cause_ != Cause::kNone || !read_error_.ok() || read_pending_ || reading_stopped_) {
    co_return false;
  }
  read_pending_ = true;
  transport_.Read();
  const bool ok = co_await reader_;
  if (!ok) co_return false;
  if (absl::Status status = transport_.ReadStatus(); !status.ok()) {
    read_error_ = std::move(status);
  } else if (!transport_.ParseRead(*message)) {
    read_error_ = Malformed();
  }
  co_return read_error_.ok();
}

void Call::OnRead(bool ok) {
  read_pending_ = false;
  reader_.Resume(ok);
}

void Call::SetResponse(const google::protobuf::Message& response) {
  transport_.SetResponse(response);
}

void Call::SetEncodedResponse(std::string_view bytes) { transport_.SetEncodedResponse(bytes); }

base::Task<bool> Call::Write(const google::protobuf::Message& message) {
  if (cause_ != Cause::kNone || !read_error_.ok()) co_return false;
  write_pending_ = true;
  transport_.Write(message);
  const bool ok = co_await writer_;
  co_return ok&& cause_ == Cause::kNone;
}

void Call::OnWrite(bool ok) {
  write_pending_ = false;
  writer_.Resume(ok);
}

void Call::OnCancelled() {
  // Clients take a call back at its deadline, at times before our timer.
  const std::optional<std::chrono::nanoseconds> left = transport_.ClientTimeLeft();
  Cancel(left && left->count() <= 0 ? Cause::kDeadline : Cause::kClientGone);
}

void Call::OnReleased() { environment_.owner.Release(this); }

}  // namespace gatehouse::rpc
