#include "rpc/grpc/stream_call.h"

#include <google/protobuf/message.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "rpc/grpc/gzip.h"
#include "rpc/grpc/header_values.h"
#include "rpc/grpc/protocol_errors.h"

namespace gatehouse::rpc {
namespace {

using http2::Field;

constexpr size_t kPrefixBytes = 5;

// Longer answers are sent as they are: compressing takes a millisecond for every 100 KB or so, and
// the other calls of the loop wait meanwhile.
constexpr size_t kLongestCompressed = size_t{1} << 20;

constexpr Field kOkStatus{.name = ":status", .value = "200"};
constexpr Field kContentType{.name = "content-type", .value = "application/grpc"};
constexpr Field kGzip{.name = "grpc-encoding", .value = "gzip"};
constexpr Field kAcceptEncoding{.name = "grpc-accept-encoding", .value = "identity,gzip"};

std::string OnTheWire(std::string_view name, std::string_view value) {
  return name.ends_with("-bin") ? EncodeBinaryHeader(value) : std::string(value);
}

// What stands before a message.
void WritePrefix(char* bytes, char flags, size_t length) {
  bytes[0] = flags;
  for (size_t i = 1; i < kPrefixBytes; ++i) {
    bytes[i] = static_cast<char>(length >> (8 * (kPrefixBytes - 1 - i)));
  }
}

}  // namespace

StreamCall::StreamCall(GrpcConnection& home)
    : http2::Stream(home.http2()),
      home_(home),
      began_(home.http2().now()),
      last_data_(began_),
      last_output_(began_),
      reader_(home.budget()),
      output_charge_(home.budget()),
      memory_(home.call_memory()) {}

StreamCall::~StreamCall() = default;

// ---------------------------------------------------------------------------
// What the handler's side asks for

std::optional<std::string_view> StreamCall::Metadata(std::string_view name) const {
  std::optional<std::string_view> found;
  if (name.ends_with("-bin")) {
    for (const auto& [key, value] : binary_) {
      if (key != name) continue;
      if (found) return std::nullopt;
      found = value;
    }
    return found;
  }
  for (size_t i = 0; i < headers().size(); ++i) {
    const http2::HeaderList::Entry entry = headers()[i];
    if (entry.name != name) continue;
    // Of several nobody can say which one counts.
    if (found) return std::nullopt;
    found = entry.value;
  }
  return found;
}

std::optional<std::chrono::nanoseconds> StreamCall::ClientTimeLeft() const {
  if (!deadline_) return std::nullopt;
  return *deadline_ - std::chrono::steady_clock::now();
}

void StreamCall::AddHeader(std::string_view name, std::string_view value) {
  answer_headers_.emplace_back(name, OnTheWire(name, value));
}

void StreamCall::AddTrailer(std::string_view name, std::string_view value) {
  trailers_.emplace_back(name, OnTheWire(name, value));
}

void StreamCall::Read() {
  reading_ = true;
  if (std::exchange(message_told_, false)) Consume(reader_.Next());
  if (reader_.ready() || reader_.at_end() || closed_) home_.group().turn().AddEvent(*this);
}

bool StreamCall::ParseRead(google::protobuf::Message& message) {
  const std::string_view bytes = reader_.message();
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// Where a message of that length goes. Null: there is no room for it.
uint8_t* StreamCall::MakeOutput(size_t length) {
  if (!output_charge_.Set(length)) {
    home_.group().metrics().OnDropped(DroppedAnswer::kOverloaded);
    return nullptr;
  }
  output_moved_ = true;
  output_ = {.bytes = std::make_unique_for_overwrite<char[]>(kPrefixBytes + length),
             .size = kPrefixBytes + length};
  WritePrefix(output_.bytes.get(), /*flags=*/0, length);
  memory_.Force(HeldBytes());
  return reinterpret_cast<uint8_t*>(output_.bytes.get() + kPrefixBytes);
}

bool StreamCall::Serialise(const google::protobuf::Message& message) {
  uint8_t* const bytes = MakeOutput(message.ByteSizeLong());
  if (bytes != nullptr) message.SerializeWithCachedSizesToArray(bytes);
  return bytes != nullptr;
}

void StreamCall::Write(const google::protobuf::Message& message) {
  writing_ = true;
  if (closed_ || !Serialise(message)) {
    overloaded_ = !closed_;
    home_.group().turn().AddEvent(*this);
    return;
  }
  if (!headers_sent_) SendResponseHeaders();
  ResumeBody();
}

void StreamCall::SetResponse(const google::protobuf::Message& message) {
  has_response_ = true;
  overloaded_ = !Serialise(message);
  if (!overloaded_ && WantsGzip()) Compress();
}

bool StreamCall::WantsGzip() const {
  const size_t from = home_.group().options().gzip_lists_from_bytes;
  const size_t length = BodyBytes() - kPrefixBytes;
  if (!shape_.is_list || from == 0 || length < from || length > kLongestCompressed) return false;
  return AcceptsGzip(Metadata("grpc-accept-encoding").value_or(""));
}

void StreamCall::Compress() {
  const std::string_view plain(output_.bytes.get() + kPrefixBytes, output_.size - kPrefixBytes);
  // Less than an eighth is not worth the client's time.
  const size_t room = plain.size() - plain.size() / 8;
  Output smaller{.bytes = std::make_unique_for_overwrite<char[]>(kPrefixBytes + room)};
  const std::optional<size_t> length = Gzip(plain, {smaller.bytes.get() + kPrefixBytes, room});
  if (!length) return;
  compressed_ = true;
  smaller.size = kPrefixBytes + *length;
  WritePrefix(smaller.bytes.get(), /*flags=*/1, *length);
  output_ = std::move(smaller);
  output_charge_.Set(*length);
}

void StreamCall::SetEncodedResponse(std::string_view bytes) {
  has_response_ = true;
  uint8_t* const place = MakeOutput(bytes.size());
  overloaded_ = place == nullptr;
  if (place != nullptr) std::ranges::copy(bytes, place);
}

void StreamCall::Finish(const WireStatus& status) {
  status_ = overloaded_ ? ToWireStatus(TransportOverloaded(), "") : status;
  DropRequest();
  if (closed_) {
    home_.group().turn().AddEvent(*this);
    return;
  }
  // The answer is for those who succeeded.
  if (status_->code != 0 && has_response_) output_ = {};
  if (!headers_sent_ && answer_headers_.empty() && BodyBytes() == 0) {
    SendStatus();
    return;
  }
  if (!headers_sent_) SendResponseHeaders();
  ResumeBody();
}

void StreamCall::Abort() {
  if (!closed_) BreakOff(NGHTTP2_CANCEL);
}

void StreamCall::BreakOff(uint32_t error_code) {
  Reset(error_code);
  OnClosed(false);
}

// ---------------------------------------------------------------------------
// What goes to the client

void StreamCall::SendResponseHeaders() {
  headers_sent_ = true;
  const std::array usual{kOkStatus, kContentType, kAcceptEncoding};
  if (answer_headers_.empty() && !compressed_) {
    SendHeaders(usual);
    return;
  }
  Recycling<Field> fields(usual.begin(), usual.end());
  if (compressed_) fields.push_back(kGzip);
  Append(answer_headers_, fields);
  SendHeaders(fields);
}

void StreamCall::Append(const MetadataList& metadata, Recycling<Field>& fields) {
  for (const auto& [name, value] : metadata) {
    fields.push_back({.name = name, .value = value, .unique = true});
  }
}

void StreamCall::TakeBody(size_t bytes, std::string& output) {
  output.append(output_.bytes.get() + output_.taken, bytes);
  output_.taken += bytes;
  output_moved_ = true;
  if (BodyBytes() > 0) return;
  output_ = {};
  output_charge_.Set(0);
  memory_.Force(HeldBytes());
  if (writing_) home_.group().turn().AddEvent(*this);
}

bool StreamCall::OnBodyEnd() {
  if (!http_status_.empty()) return false;
  SendStatus();
  return true;
}

// As trailers, or as an answer of nothing else.
void StreamCall::SendStatus() {
  std::array<char, 12> number;
  const char* const number_end =
      std::to_chars(number.data(), number.data() + number.size(), status_->code).ptr;
  const std::string message = PercentEncode(status_->message);
  const std::string details = EncodeBinaryHeader(status_->details);
  Recycling<Field> fields;
  fields.reserve(6 + trailers_.size());
  if (!headers_sent_) fields.insert(fields.end(), {kOkStatus, kContentType, kAcceptEncoding});
  fields.push_back({.name = "grpc-status", .value = {number.data(), number_end}});
  if (!message.empty()) {
    fields.push_back({.name = "grpc-message", .value = message, .unique = true});
  }
  if (!details.empty()) {
    fields.push_back({.name = "grpc-status-details-bin", .value = details, .unique = true});
  }
  Append(trailers_, fields);
  if (headers_sent_) {
    SendTrailers(fields);
  } else {
    headers_sent_ = true;
    SendHeadersOnly(fields);
  }
}

// ---------------------------------------------------------------------------
// What has to be told to the handler's side, apart from what caused it

void StreamCall::RunJob() {
  while (TellOne()) {
  }
  const bool over = phase_ == Phase::kRunning ? status_.has_value() && !writing_ : true;
  if (!closed_ || !over || queued()) return;
  if (events_ != nullptr) events_->OnReleased();
  GrpcConnection& home = home_;
  delete this;
  home.OnCallGone();
}

bool StreamCall::TellOne() {
  if (phase_ == Phase::kHandingOver) {
    // It has no client any more.
    if (closed_) return false;
    phase_ = Phase::kRunning;
    home_.group().acceptor().OnCall(*this);
    return true;
  }
  if (phase_ != Phase::kRunning) return false;
  if (std::exchange(cancelled_, false) && !status_) {
    events_->OnCancelled();
    return true;
  }
  if (reading_ && (reader_.ready() || reader_.at_end() || closed_)) {
    reading_ = false;
    message_told_ = reader_.ready() && !closed_;
    if (message_told_ && !status_) reader_.Inflate();
    if (!status_) events_->OnRead(message_told_);
    return true;
  }
  if (writing_ && (closed_ || overloaded_ || BodyBytes() == 0)) {
    writing_ = false;
    events_->OnWrite(!closed_ && !overloaded_);
    return true;
  }
  return false;
}

}  // namespace gatehouse::rpc
