#include "rpc/grpc/protocol_errors.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/status.h"

namespace gatehouse::rpc {

using base::MakeError;
using base::Reason;

namespace {

absl::Status Overloaded(std::string_view message, std::string quota) {
  constexpr std::chrono::seconds kRetryAfter(1);
  return MakeError(
      absl::StatusCode::kResourceExhausted, message,
      {.reason = Reason::kServerOverloaded, .retry_after = kRetryAfter, .quota = std::move(quota)});
}

}  // namespace

absl::Status MetadataTooLarge(size_t limit) {
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      "the metadata are larger than " + std::to_string(limit) + " bytes",
      {.reason = Reason::kMetadataTooLarge, .metadata = {{"limit", std::to_string(limit)}}});
}

absl::Status MessageTooLarge(size_t limit) {
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      "the message is larger than " + std::to_string(limit) + " bytes",
      {.reason = Reason::kMessageTooLarge, .metadata = {{"limit", std::to_string(limit)}}});
}

absl::Status ProtocolViolation(std::string_view what) {
  return MakeError(absl::StatusCode::kInternal, what, {.reason = Reason::kProtocolViolation});
}

absl::Status UnsupportedEncoding() {
  return MakeError(absl::StatusCode::kUnimplemented,
                   "the message is compressed in a way that the server does not take",
                   {.reason = Reason::kUnsupportedEncoding});
}

absl::Status TooManyMessages() {
  return MakeError(absl::StatusCode::kUnimplemented, "the method takes one message, and more came",
                   {.reason = Reason::kTooManyMessages});
}

absl::Status RequestTimedOut() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "the request did not arrive in time",
                   {.reason = Reason::kDeadline});
}

absl::Status StreamSilent() {
  return MakeError(absl::StatusCode::kDeadlineExceeded,
                   "the stream's next message did not come in time",
                   {.reason = Reason::kDeadline, .quota = "silence of a stream"});
}

absl::Status TransportOverloaded() {
  return Overloaded("too much is on its way between the server and its clients",
                    "bytes on their way");
}

absl::Status CallsOverloaded() {
  return Overloaded("open calls hold too much memory", "bytes of open calls");
}

}  // namespace gatehouse::rpc
