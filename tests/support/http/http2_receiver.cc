#include "tests/support/http/http2_receiver.h"

#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <list>
#include <map>
#include <string_view>
#include <thread>
#include <utility>

#include "base/async/mutex.h"

namespace gatehouse::tests {
namespace {

constexpr std::string_view kAnswer = "thanks";

void Require(bool ok) {
  if (!ok) std::abort();
}

// HTTP/2, or no connection.
int SelectHttp2(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned int in_size, void*) {
  const std::string_view offered(reinterpret_cast<const char*>(in), in_size);
  const size_t at = offered.find(std::string_view("\x02h2", 3));
  if (at == std::string_view::npos) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = in + at + 1;
  *out_size = 2;
  return SSL_TLSEXT_ERR_OK;
}

SSL_CTX* MakeContext(const Certificate& certificate) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  BIO* certificate_text = BIO_new_mem_buf(certificate.certificate.data(), -1);
  BIO* key_text = BIO_new_mem_buf(certificate.key.data(), -1);
  X509* parsed = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
  Require(SSL_CTX_use_certificate(context, parsed) == 1);
  Require(SSL_CTX_use_PrivateKey(context, key) == 1);
  EVP_PKEY_free(key);
  X509_free(parsed);
  BIO_free(key_text);
  BIO_free(certificate_text);
  SSL_CTX_set_alpn_select_cb(context, &SelectHttp2, nullptr);
  return context;
}

nghttp2_nv Header(std::string_view name, std::string_view value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Http2Receiver::State {
  explicit State(const Certificate& certificate) : context(MakeContext(certificate)) {
    std::signal(SIGPIPE, SIG_IGN);
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    Require(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
    Require(::listen(listener, 16) == 0);
    Require(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    acceptor = std::thread([this] { Accept(); });
  }
  ~State() {
    ::shutdown(listener, SHUT_RDWR);
    acceptor.join();
    {
      base::MutexLock lock(mutex);
      for (const int socket : sockets) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads) thread.join();
    for (const int socket : sockets) ::close(socket);
    ::close(listener);
    SSL_CTX_free(context);
  }

  void Accept() {
    for (;;) {
      const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      base::MutexLock lock(mutex);
      sockets.push_back(socket);
      threads.emplace_back([this, socket] { Serve(socket); });
    }
  }

  struct Connection {
    State& state;
    SSL* ssl;
    int number = 0;
    std::map<int32_t, Request> open = {};
  };

  void Serve(int socket) {
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, socket);
    if (SSL_accept(ssl) == 1) {
      Connection connection{*this, ssl};
      {
        base::MutexLock lock(mutex);
        connection.number = ++handshakes;
      }
      Talk(connection);
    }
    SSL_free(ssl);
    ::shutdown(socket, SHUT_RDWR);
  }

  static void Talk(Connection& connection) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &OnFrame);
    nghttp2_session* session = nullptr;
    nghttp2_session_server_new(&session, callbacks, &connection);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0);
    unsigned char buffer[16'384];
    while (Write(session, connection.ssl)) {
      const int got = SSL_read(connection.ssl, buffer, sizeof(buffer));
      if (got <= 0) break;
      if (nghttp2_session_mem_recv(session, buffer, static_cast<size_t>(got)) < 0) break;
    }
    nghttp2_session_del(session);
    nghttp2_session_callbacks_del(callbacks);
  }

  static bool Write(nghttp2_session* session, SSL* ssl) {
    for (;;) {
      const uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session, &data);
      if (size <= 0) return size == 0;
      if (SSL_write(ssl, data, static_cast<int>(size)) <= 0) return false;
    }
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* connection) {
    if (std::string_view(reinterpret_cast<const char*>(name), name_size) == ":path") {
      Of(connection)
          .open[frame->hd.stream_id]
          .path.assign(reinterpret_cast<const char*>(value), value_size);
    }
    return 0;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size,
                    void* connection) {
    Of(connection).open[stream].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* of) {
    const bool of_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!of_request || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    Connection& connection = Of(of);
    const auto found = connection.open.find(frame->hd.stream_id);
    Request request = std::move(found->second);
    connection.open.erase(found);
    request.connection = connection.number;
    request.beside = static_cast<int>(connection.open.size());
    {
      base::MutexLock lock(connection.state.mutex);
      connection.state.requests.push_back(std::move(request));
    }
    const nghttp2_nv headers[] = {Header(":status", "200"), Header("x-from", "http2")};
    const nghttp2_data_provider body = {.source = {}, .read_callback = &ReadBody};
    return nghttp2_submit_response(session, frame->hd.stream_id, headers, std::size(headers),
                                   &body);
  }
  static ssize_t ReadBody(nghttp2_session*, int32_t, uint8_t* buffer, size_t size, uint32_t* flags,
                          nghttp2_data_source*, void*) {
    Require(size >= kAnswer.size());
    std::memcpy(buffer, kAnswer.data(), kAnswer.size());
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(kAnswer.size());
  }
  static Connection& Of(void* connection) { return *static_cast<Connection*>(connection); }

  SSL_CTX* const context;
  int listener = -1;
  uint16_t port = 0;
  mutable base::Mutex mutex;
  std::vector<int> sockets;
  std::list<std::thread> threads;
  int handshakes GH_GUARDED_BY(mutex) = 0;
  std::vector<Request> requests GH_GUARDED_BY(mutex);
  std::thread acceptor;
};

Http2Receiver::Http2Receiver(const Certificate& certificate)
    : state_(std::make_unique<State>(certificate)) {}

Http2Receiver::~Http2Receiver() = default;

uint16_t Http2Receiver::port() const { return state_->port; }

std::vector<Http2Receiver::Request> Http2Receiver::requests() const {
  base::MutexLock lock(state_->mutex);
  return state_->requests;
}

int Http2Receiver::connections() const {
  base::MutexLock lock(state_->mutex);
  return state_->handshakes;
}

}  // namespace gatehouse::tests
