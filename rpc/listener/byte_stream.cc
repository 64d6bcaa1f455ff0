#include "rpc/listener/byte_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <cerrno>
#include <utility>

#include "rpc/listener/proxy_header.h"
#include "rpc/tls/tls_session.h"

namespace gatehouse::rpc {
namespace {

// What a connection waits with for its next bytes: enough for some requests. One that fills it
// gets the large one, until many reads in a row would have fitted again. One that seldom gets
// something has none.
constexpr int kReadsToBuffer = 4;
constexpr size_t kSmallBuffer = size_t{1} << 10;
constexpr size_t kLargeBuffer = IoScratch::kInputBytes;
constexpr int kSmallReadsToShrink = 64;

}  // namespace

// Shared with the handlers that wait for the socket: they may come after the ByteStream.
struct ByteStream::Impl : std::enable_shared_from_this<Impl> {
  Impl(base::Loop& loop, IoScratch& shared, std::unique_ptr<TlsSession> session)
      : scratch(shared), socket(loop.io()), tls(std::move(session)) {}

  void WaitForInput();
  void OnInput(const asio::error_code& error, size_t bytes);
  void OnReadable(const asio::error_code& error);
  // Whether no more is to be read. Tells the owner if an answer to what was read did not get out,
  // since no read is under way that would.
  bool IsOver();
  void Rest();
  void ReadMore();
  void Deliver(std::string_view bytes);
  // Takes the header from `bytes`; false: there is nothing behind it yet, or nothing is wanted.
  bool PassProxyHeader(std::string_view& bytes);
  void Send(std::string_view bytes);
  void WaitForRoom();
  void OnRoom();
  void Break();
  void SetBuffer(size_t size) {
    buffer_size = size;
    buffer = std::make_unique_for_overwrite<char[]>(size);
  }

  IoScratch& scratch;
  asio::ip::tcp::socket socket;
  std::unique_ptr<TlsSession> tls;
  // Until it has come, where one may come.
  std::unique_ptr<ProxyHeaderReader> proxy_header;
  Owner* owner = nullptr;
  // Null: it is only told that there is something to read.
  std::unique_ptr<char[]> buffer;
  size_t buffer_size = 0;
  int reads_without_buffer = 0;
  // The read that is under way was taken back, since it needs a buffer.
  bool resting = false;
  int small_reads = 0;
  // What the socket did not take, from `unsent_start` on.
  std::string unsent;
  size_t unsent_start = 0;
  size_t sent = 0;
  bool broken = false;
  bool finishing = false;
};

void ByteStream::Impl::WaitForInput() {
  if (buffer == nullptr) {
    socket.async_wait(
        asio::socket_base::wait_read,
        [self = shared_from_this()](const asio::error_code& error) { self->OnReadable(error); });
    return;
  }
  // Asio reads by itself when there is something, and does not try before: a short read told it
  // that the socket is empty. So a request costs one read and no call for waiting.
  socket.async_read_some(asio::buffer(buffer.get(), buffer_size),
                         [self = shared_from_this()](const asio::error_code& error, size_t bytes) {
                           self->OnInput(error, bytes);
                         });
}

void ByteStream::Impl::OnInput(const asio::error_code& error, size_t bytes) {
  if (owner == nullptr) return;
  if (std::exchange(resting, false) && error == asio::error::operation_aborted) {
    buffer.reset();
    WaitForInput();
    return;
  }
  if (error) {
    Break();
    return;
  }
  Deliver({buffer.get(), bytes});
  if (IsOver()) return;
  if (bytes == kSmallBuffer && buffer_size == kSmallBuffer) {
    ReadMore();
    if (IsOver()) return;
    small_reads = 0;
    SetBuffer(kLargeBuffer);
  } else if (bytes <= kSmallBuffer && buffer_size > kSmallBuffer &&
             ++small_reads >= kSmallReadsToShrink) {
    SetBuffer(kSmallBuffer);
  }
  WaitForInput();
}

void ByteStream::Impl::OnReadable(const asio::error_code& error) {
  if (owner == nullptr) return;
  if (error) {
    Break();
    return;
  }
  ReadMore();
  if (IsOver()) return;
  if (++reads_without_buffer >= kReadsToBuffer) SetBuffer(kSmallBuffer);
  WaitForInput();
}

bool ByteStream::Impl::IsOver() {
  if (owner != nullptr && broken) Break();
  return owner == nullptr;
}

void ByteStream::Impl::Rest() {
  reads_without_buffer = 0;
  // The wait for room must not be taken back together with the read.
  if (buffer == nullptr || broken || !unsent.empty()) return;
  resting = true;
  asio::error_code ignored;
  socket.cancel(ignored);
}

// There may be more than the connection's small buffer holds.
void ByteStream::Impl::ReadMore() {
  const ssize_t got =
      ::recv(socket.native_handle(), scratch.input.data(), scratch.input.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    Break();
    return;
  }
  Deliver({scratch.input.data(), static_cast<size_t>(got)});
}

void ByteStream::Impl::Deliver(std::string_view bytes) {
  if (finishing) return;
  if (proxy_header != nullptr && !PassProxyHeader(bytes)) return;
  if (tls == nullptr) {
    owner->OnBytes(bytes);
    return;
  }
  scratch.plain.clear();
  const bool ok = tls->OnInput(bytes, scratch.plain);
  Send(tls->TakeOutput());
  if (!scratch.plain.empty()) owner->OnBytes(scratch.plain);
  if (!ok && owner != nullptr) Break();
}

bool ByteStream::Impl::PassProxyHeader(std::string_view& bytes) {
  const ProxyHeaderReader::Result result = proxy_header->Feed(bytes);
  if (result == ProxyHeaderReader::Result::kIncomplete) return false;
  const std::unique_ptr<ProxyHeaderReader> header = std::move(proxy_header);
  const bool malformed = result == ProxyHeaderReader::Result::kMalformed;
  if ((malformed || header->client()) && !owner->OnProxyHeader(header->client())) {
    Break();
    return false;
  }
  return !bytes.empty();
}

void ByteStream::Impl::Send(std::string_view bytes) {
  if (bytes.empty() || broken) return;
  if (unsent.empty()) {
    const ssize_t took =
        ::send(socket.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (took >= 0) {
      sent += static_cast<size_t>(took);
      bytes.remove_prefix(static_cast<size_t>(took));
    } else if (errno != EAGAIN && errno != EINTR) {
      // The read that is under way comes back for it and tells the owner.
      broken = true;
      asio::error_code ignored;
      socket.shutdown(asio::socket_base::shutdown_both, ignored);
      return;
    }
    if (bytes.empty()) return;
    WaitForRoom();
  }
  unsent.append(bytes);
}

void ByteStream::Impl::WaitForRoom() {
  socket.async_wait(asio::socket_base::wait_write,
                    [self = shared_from_this()](const asio::error_code& error) {
                      if (self->owner != nullptr && !error) self->OnRoom();
                    });
}

void ByteStream::Impl::OnRoom() {
  if (broken) return;
  const std::string_view rest = std::string_view(unsent).substr(unsent_start);
  const ssize_t took =
      ::send(socket.native_handle(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (took < 0 && errno != EAGAIN && errno != EINTR) {
    broken = true;
    asio::error_code ignored;
    socket.shutdown(asio::socket_base::shutdown_both, ignored);
    return;
  }
  if (took > 0) {
    sent += static_cast<size_t>(took);
    unsent_start += static_cast<size_t>(took);
  }
  if (unsent_start < unsent.size()) {
    WaitForRoom();
    return;
  }
  // Its memory too: most connections never have any.
  unsent = std::string();
  unsent_start = 0;
  if (finishing) {
    asio::error_code ignored;
    socket.shutdown(asio::socket_base::shutdown_send, ignored);
    return;
  }
  owner->OnSent();
}

void ByteStream::Impl::Break() {
  broken = true;
  if (Owner* told = std::exchange(owner, nullptr)) told->OnGone();
}

ByteStream::ByteStream(base::Loop& loop, IoScratch& scratch, int descriptor,
                       std::unique_ptr<TlsSession> tls)
    : impl_(std::make_shared<Impl>(loop, scratch, std::move(tls))) {
  asio::error_code ignored;
  // Which protocol does not matter for what is done with it.
  impl_->socket.assign(asio::ip::tcp::v4(), descriptor, ignored);
  impl_->socket.non_blocking(true, ignored);
  // Answers are written whole; waiting for more would only delay them.
  impl_->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

ByteStream::~ByteStream() {
  impl_->owner = nullptr;
  asio::error_code ignored;
  impl_->socket.close(ignored);
}

void ByteStream::ExpectProxyHeader() {
  impl_->proxy_header = std::make_unique<ProxyHeaderReader>();
}

void ByteStream::Start(Owner* owner) {
  impl_->owner = owner;
  impl_->WaitForInput();
}

void ByteStream::Write(std::string_view bytes) {
  if (impl_->tls == nullptr) {
    impl_->Send(bytes);
    return;
  }
  impl_->tls->Write(bytes);
  impl_->Send(impl_->tls->TakeOutput());
}

void ByteStream::Rest() { impl_->Rest(); }

const ClientCertificate* ByteStream::client_certificate() const {
  return impl_->tls == nullptr ? nullptr : impl_->tls->client_certificate();
}

bool ByteStream::unsent() const { return !impl_->unsent.empty(); }

size_t ByteStream::sent_bytes() const { return impl_->sent; }

void ByteStream::Finish() {
  if (std::exchange(impl_->finishing, true)) return;
  if (impl_->tls != nullptr) {
    impl_->tls->Finish();
    impl_->Send(impl_->tls->TakeOutput());
  }
  if (!impl_->unsent.empty()) return;
  asio::error_code ignored;
  impl_->socket.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace gatehouse::rpc
