#include "rpc/grpc/message_reader.h"

#include <algorithm>
#include <utility>

#include "rpc/grpc/gunzip.h"
#include "rpc/grpc/protocol_errors.h"

namespace gatehouse::rpc {
namespace {

// What a stream that is idle holds of its last message, as room for the next one.
constexpr size_t kKeptBytes = size_t{4} << 10;

}  // namespace

size_t MessageReader::Feed(std::string_view bytes) {
  // After an error nothing is of interest.
  if (!status_.ok()) return bytes.size();
  if (ready_) {
    backlog_.append(bytes);
    return 0;
  }
  return Parse(bytes);
}

size_t MessageReader::Parse(std::string_view bytes) {
  const size_t all = bytes.size();
  while (!ready_ && !bytes.empty()) {
    if (prefix_bytes_ < kPrefixBytes) {
      const size_t taken = std::min(bytes.size(), kPrefixBytes - prefix_bytes_);
      std::copy_n(bytes.data(), taken, prefix_.data() + prefix_bytes_);
      prefix_bytes_ += taken;
      bytes.remove_prefix(taken);
      if (prefix_bytes_ < kPrefixBytes) break;
      OnPrefix();
    } else {
      const size_t taken = std::min(bytes.size(), length_ - message_.size());
      if (!charge_.Set(message_.size() + taken)) {
        Fail(TransportOverloaded());
        break;
      }
      Append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
    }
    // With its prefix alone, if it is empty.
    ready_ = ready_ || message_.size() == length_;
  }
  if (!status_.ok()) return all;
  backlog_.append(bytes);
  return all - bytes.size();
}

void MessageReader::OnPrefix() {
  length_ = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) length_ = length_ << 8 | prefix_[i];
  const unsigned flags = prefix_[0];
  if (flags > 1) {
    Fail(ProtocolViolation("a message with unknown flags"));
  } else if (flags == 1 && encoding_ == Encoding::kIdentity) {
    Fail(ProtocolViolation("a compressed message without grpc-encoding"));
  } else if (flags == 1 && encoding_ == Encoding::kUnknown) {
    Fail(UnsupportedEncoding());
  } else if (length_ > limit_) {
    Fail(MessageTooLarge(limit_));
  } else {
    compressed_ = flags == 1;
  }
}

// Takes no more memory than twice what has come, whatever length was announced, nor more than that.
void MessageReader::Append(std::string_view bytes) {
  const size_t size = message_.size() + bytes.size();
  if (size > message_.capacity()) {
    message_.reserve(std::min(length_, std::max(size, 2 * message_.capacity())));
  }
  message_.append(bytes);
}

size_t MessageReader::size() const {
  return compressed_ ? std::min(GunzippedBytes(message_), limit_) : message_.size();
}

void MessageReader::Inflate() {
  if (!std::exchange(compressed_, false)) return;
  if (!charge_.Set(message_.size() + std::min(GunzippedBytes(message_), limit_))) {
    Fail(TransportOverloaded());
    return;
  }
  absl::StatusOr<std::string> inflated = Gunzip(message_, limit_);
  if (!inflated.ok()) {
    Fail(std::move(inflated).status());
    return;
  }
  message_ = *std::move(inflated);
  charge_.Set(message_.size());
}

void MessageReader::Fail(absl::Status status) {
  status_ = std::move(status);
  Drop();
  compressed_ = false;
  ready_ = true;
}

void MessageReader::Drop() {
  message_ = std::string();
  backlog_ = std::string();
  charge_.Set(0);
}

size_t MessageReader::Next() {
  if (!status_.ok()) return 0;
  ready_ = false;
  prefix_bytes_ = 0;
  if (message_.capacity() > kKeptBytes) message_ = std::string();
  message_.clear();
  charge_.Set(0);
  const std::string backlog = std::exchange(backlog_, {});
  const size_t done = Parse(backlog);
  if (ended_) End();
  return done;
}

void MessageReader::End() {
  ended_ = true;
  if (partial()) Fail(ProtocolViolation("the request ends within a message"));
}

}  // namespace gatehouse::rpc
