// The part of StreamCall that takes a request until it is handed over.

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "rpc/grpc/forwarded_for.h"
#include "rpc/grpc/header_values.h"
#include "rpc/grpc/protocol_errors.h"
#include "rpc/grpc/stream_call.h"
#include "rpc/request_id.h"

namespace gatehouse::rpc {
namespace {

using std::chrono::milliseconds;

// What a call takes here and in the session, whatever it brings.
constexpr size_t kCallBytes = size_t{2} << 10;

constexpr std::string_view kNoRoom = "there is no room for more calls";

// For people who look with a browser or curl.
constexpr std::string_view kNoGrpc = "This port speaks gRPC: POST with application/grpc.\n";

}  // namespace

void StreamCall::OnPartOfHeaders() {
  if (phase_ != Phase::kBeginning || FindRoom()) return;
  // There is no answer to half a request.
  home_.group().OnRefused(RefusedCall::kOverloaded, "", kNoRoom, peer(), "");
  BreakOff(NGHTTP2_ENHANCE_YOUR_CALM);
}

void StreamCall::OnRequest() {
  phase_ = Phase::kArriving;
  if (!FindRoom()) {
    RefuseWithoutRoom();
    return;
  }
  if (headers().too_large()) {
    Refuse(RefusedCall::kMetadataTooLarge,
           MetadataTooLarge(home_.group().options().max_metadata_bytes));
    return;
  }
  if (home_.is_proxy()) ReadForwardedFor();
  for (size_t i = 0; i < headers().size(); ++i) {
    const http2::HeaderList::Entry header = headers()[i];
    if (!ReadHeader(header.name, header.value)) return;
  }
  if (!is_grpc_ && http_status_.empty()) http_status_ = "415";
  // Answered like any other server would: when it is complete.
  if (!http_status_.empty()) return;
  shape_ = home_.group().acceptor().Shape(method_);
  reader_.SetUp(shape_.max_message_bytes, encoding_);
  if (!shape_.single_request && !shape_.client_speaks_first) HandOver();
}

void StreamCall::ReadForwardedFor() {
  std::vector<std::string_view> values;
  for (size_t i = 0; i < headers().size(); ++i) {
    if (headers()[i].name == "x-forwarded-for") values.push_back(headers()[i].value);
  }
  forwarded_for_ = ForwardedFor(values, home_.group().options().trusted_networks);
}

// False: it was answered.
bool StreamCall::ReadHeader(std::string_view name, std::string_view value) {
  if (name == ":path") {
    method_ = value;
  } else if (name == ":method") {
    if (value == "POST") return true;
    http_status_ = "405";
    return true;
  } else if (name == "content-type") {
    is_grpc_ = IsGrpcContentType(value);
  } else if (name == "grpc-encoding") {
    encoding_ = value == "identity" ? MessageReader::Encoding::kIdentity
                : value == "gzip"   ? MessageReader::Encoding::kGzip
                                    : MessageReader::Encoding::kUnknown;
  } else if (name == "grpc-timeout") {
    const std::optional<std::chrono::nanoseconds> timeout = ParseGrpcTimeout(value);
    if (!timeout) {
      Refuse(RefusedCall::kProtocolViolation, ProtocolViolation("a malformed grpc-timeout"));
      return false;
    }
    deadline_ = last_data_ + *timeout;
  } else if (name.ends_with("-bin")) {
    std::optional<std::vector<std::string>> values = DecodeBinaryHeader(value);
    if (!values) {
      Refuse(RefusedCall::kProtocolViolation,
             ProtocolViolation("metadata whose name ends in -bin are not in base 64"));
      return false;
    }
    for (std::string& one : *values) binary_.emplace_back(name, std::move(one));
  }
  return true;
}

void StreamCall::OnData(std::string_view bytes) {
  if (!http_status_.empty() || status_) {
    Consume(bytes.size());
    return;
  }
  last_data_ = home_.http2().now();
  Consume(reader_.Feed(bytes));
  if (phase_ == Phase::kArriving && !FindRoom()) {
    RefuseWithoutRoom();
    return;
  }
  if (shape_.single_request && reader_.has_more()) reader_.Fail(TooManyMessages());
  // What is wrong with a request need not wait for the rest of it.
  if (phase_ == Phase::kArriving && reader_.ready() &&
      (!shape_.single_request || !reader_.status().ok())) {
    HandOver();
  }
  if (reading_ && reader_.ready()) home_.group().turn().AddEvent(*this);
}

void StreamCall::OnRequestEnd() {
  if (phase_ == Phase::kRefused) return;
  if (!http_status_.empty()) {
    RefuseHttp();
    return;
  }
  reader_.End();
  if (phase_ == Phase::kArriving) HandOver();
  if (reading_) home_.group().turn().AddEvent(*this);
}

void StreamCall::HandOver() {
  phase_ = Phase::kHandingOver;
  memory_.Force(HeldBytes());
  home_.group().turn().AddEvent(*this);
}

size_t StreamCall::HeldBytes() const {
  // Large messages count against other budgets. Until they are whole against this one as well:
  // with many connections an address could fill those.
  const size_t message = phase_ == Phase::kArriving
                             ? reader_.held_bytes()
                             : std::min(reader_.held_bytes(), MessageCharge::kFree);
  return kCallBytes + headers().held_bytes() + message +
         std::min(output_.size, MessageCharge::kFree);
}

void StreamCall::OnClosed(bool) {
  closed_ = true;
  cancelled_ = !status_;
  home_.group().turn().AddEvent(*this);
}

void StreamCall::OnTick(base::SteadyTime now) {
  if (std::exchange(output_moved_, false)) last_output_ = now;
  if (IsUnread(now)) {
    home_.group().metrics().OnDropped(DroppedAnswer::kUnread);
    BreakOff(NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  if (phase_ == Phase::kRefused || status_) return;
  if (IsSilent(now)) {
    reader_.Fail(StreamSilent());
    home_.group().turn().AddEvent(*this);
    return;
  }
  if (phase_ != Phase::kArriving && !reader_.partial()) return;
  if (!IsLate(now)) return;
  if (!http_status_.empty()) {
    RefuseHttp();
    return;
  }
  if (phase_ == Phase::kArriving) {
    Refuse(RefusedCall::kTimeout, RequestTimedOut());
    return;
  }
  reader_.Fail(RequestTimedOut());
  if (reading_) home_.group().turn().AddEvent(*this);
}

bool StreamCall::IsLate(base::SteadyTime now) const {
  const ServerOptions& options = home_.group().options();
  if (deadline_ && now >= *deadline_) return true;
  if (now >= last_data_ + options.request_timeout) return true;
  if (phase_ != Phase::kArriving) return false;
  // Whoever sends a byte now and then would hold an unfinished request for ever.
  const milliseconds allowed(1000 * reader_.received_bytes() /
                             options.min_request_bytes_per_second);
  return now >= began_ + options.request_timeout + allowed;
}

bool StreamCall::IsUnread(base::SteadyTime now) const {
  return BodyBytes() > 0 && now >= last_output_ + home_.group().options().write_timeout;
}

bool StreamCall::IsSilent(base::SteadyTime now) const {
  if (phase_ != Phase::kRunning || !reading_ || BodyBytes() > 0) return false;
  if (reader_.ready() || reader_.partial() || reader_.at_end()) return false;
  return now >= std::max(last_data_, last_output_) + home_.group().options().max_stream_silence;
}

void StreamCall::RefuseHttp() {
  phase_ = Phase::kRefused;
  home_.group().OnRefused(RefusedCall::kNotGrpc, method_, http_status_, peer(), "");
  // So that it is not cancelled by its end.
  status_.emplace();
  DropRequest();
  headers_sent_ = true;
  output_moved_ = true;
  output_ = {.bytes = std::make_unique_for_overwrite<char[]>(kNoGrpc.size()),
             .size = kNoGrpc.size()};
  std::ranges::copy(kNoGrpc, output_.bytes.get());
  SendHeaders(std::array{http2::Field{.name = ":status", .value = http_status_},
                         http2::Field{.name = "content-type", .value = "text/plain"}});
}

void StreamCall::Refuse(RefusedCall reason, const absl::Status& status) {
  phase_ = Phase::kRefused;
  const std::string id = RequestIdOf(Metadata("x-request-id"), base::SystemClock().Now());
  home_.group().OnRefused(reason, method_, {status.message().data(), status.message().size()},
                          peer(), id);
  AddTrailer("x-request-id", id);
  status_ = ToWireStatus(status, "");
  DropRequest();
  SendStatus();
}

void StreamCall::RefuseWithoutRoom() {
  // What it is answered would take room as well, and more with each call.
  if (home_.http2().unsent()) {
    home_.http2().CalmDown(http2::EndReason::kNoRoom, kNoRoom);
  } else {
    Refuse(RefusedCall::kOverloaded, CallsOverloaded());
  }
}

void StreamCall::DropRequest() {
  method_ = {};
  binary_.clear();
  DropHeaders();
  reader_.Drop();
  memory_.Force(HeldBytes());
}

}  // namespace gatehouse::rpc
