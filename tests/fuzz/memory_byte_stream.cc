#include "tests/fuzz/memory_byte_stream.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "rpc/tls/tls_session.h"

namespace gatehouse {
namespace {

// Of the ByteStream that was made last.
std::shared_ptr<fuzz::Wire> last_wire;

}  // namespace

namespace fuzz {

Ends MakeConnection(base::Loop& loop, rpc::IoScratch& scratch) {
  auto server = std::make_unique<rpc::ByteStream>(loop, scratch, -1, nullptr);
  return {.server = std::move(server), .client = last_wire};
}

void Wire::Send(std::string_view bytes) {
  if (owner_ != nullptr && !finished_) owner_->OnBytes(bytes);
}

void Wire::Unblock() {
  if (!std::exchange(blocked_, false) || unsent_.empty()) return;
  Take(std::exchange(unsent_, {}));
  if (owner_ != nullptr && !finished_) owner_->OnSent();
}

void Wire::Close() {
  if (rpc::ByteStream::Owner* told = std::exchange(owner_, nullptr)) told->OnGone();
}

void Wire::Take(std::string_view bytes) {
  sent_ += bytes.size();
  CheckFrames(bytes);
}

// What the server sends are frames of types that HTTP/2 has.
void Wire::CheckFrames(std::string_view bytes) {
  constexpr size_t kHeaderBytes = 9;
  constexpr unsigned kContinuation = 9;
  while (!bytes.empty()) {
    const size_t skipped = std::min(payload_left_, bytes.size());
    payload_left_ -= skipped;
    bytes.remove_prefix(skipped);
    const std::string_view part = bytes.substr(0, kHeaderBytes - header_.size());
    bytes.remove_prefix(part.size());
    header_ += part;
    if (header_.size() < kHeaderBytes) return;
    for (const char c : header_.substr(0, 3)) {
      payload_left_ = payload_left_ << 8 | static_cast<unsigned char>(c);
    }
    if (static_cast<unsigned char>(header_[3]) > kContinuation) std::abort();
    header_.clear();
  }
}

}  // namespace fuzz

namespace rpc {

struct ByteStream::Impl {
  std::shared_ptr<fuzz::Wire> wire = std::make_shared<fuzz::Wire>();
};

ByteStream::ByteStream(base::Loop&, IoScratch&, int, std::unique_ptr<TlsSession>)
    : impl_(std::make_shared<Impl>()) {
  last_wire = impl_->wire;
}

ByteStream::~ByteStream() { impl_->wire->owner_ = nullptr; }

void ByteStream::ExpectProxyHeader() {}

const ClientCertificate* ByteStream::client_certificate() const { return nullptr; }

void ByteStream::Start(Owner* owner) { impl_->wire->owner_ = owner; }

void ByteStream::Write(std::string_view bytes) {
  if (impl_->wire->blocked_) {
    impl_->wire->unsent_ += bytes;
  } else {
    impl_->wire->Take(bytes);
  }
}

bool ByteStream::unsent() const { return !impl_->wire->unsent_.empty(); }

size_t ByteStream::sent_bytes() const { return impl_->wire->sent_; }

void ByteStream::Rest() {}

void ByteStream::Finish() { impl_->wire->finished_ = true; }

}  // namespace rpc
}  // namespace gatehouse
