#include "tests/support/http/tls_receiver.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

#include "base/async/mutex.h"

namespace gatehouse::tests {
namespace {

constexpr std::string_view kLastAnswer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

void Require(bool ok) {
  if (!ok) std::abort();
}

SSL_CTX* MakeContext(const Certificate& certificate, const std::string& client_authority) {
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
  if (client_authority.empty()) return context;
  BIO* authority_text = BIO_new_mem_buf(client_authority.data(), -1);
  X509* authority = PEM_read_bio_X509(authority_text, nullptr, nullptr, nullptr);
  Require(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority) == 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  X509_free(authority);
  BIO_free(authority_text);
  return context;
}

// The head has come and as much body as it announces.
bool IsComplete(const std::string& request) {
  constexpr std::string_view kLength = "Content-Length: ";
  const size_t head = request.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  const size_t length = request.find(kLength);
  if (length == std::string::npos) return true;
  return request.size() - head - 4 >=
         std::strtoul(request.c_str() + length + kLength.size(), nullptr, 10);
}

}  // namespace

struct TlsReceiver::State {
  State(const Certificate& certificate, const std::string& client_authority)
      : context(MakeContext(certificate, client_authority)) {
    // A client that refuses the certificate is gone when it is written to.
    std::signal(SIGPIPE, SIG_IGN);
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    Require(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
    Require(::listen(listener, 16) == 0);
    Require(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    thread = std::thread([this] { Serve(); });
  }
  ~State() {
    // Ends accept() and the read under way.
    ::shutdown(listener, SHUT_RDWR);
    {
      base::MutexLock lock(mutex);
      if (connection >= 0) ::shutdown(connection, SHUT_RDWR);
      stopping = true;
      changed.NotifyAll();
    }
    thread.join();
    ::close(listener);
    SSL_CTX_free(context);
  }

  void Serve() {
    for (;;) {
      const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted < 0) return;
      SetConnection(accepted);
      // What comes after an answer comes at once.
      const int on = 1;
      ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      SSL* ssl = SSL_new(context);
      SSL_set_fd(ssl, accepted);
      if (SSL_accept(ssl) == 1) Answer(ssl);
      SSL_free(ssl);
      SetConnection(-1);
      ::close(accepted);
      base::MutexLock lock(mutex);
      ++ended;
      changed.NotifyAll();
    }
  }

  void Answer(SSL* ssl) {
    while (ReadRequest(ssl)) {
      base::MutexLock lock(mutex);
      Write(ssl, answer);
      if (answer == kLastAnswer) {
        SSL_shutdown(ssl);
        return;
      }
      if (unasked.empty()) continue;
      while (!send_unasked && !stopping) changed.Wait(mutex);
      Write(ssl, unasked);
      send_unasked = false;
      changed.NotifyAll();
    }
  }

  // False if the client left before it was whole.
  bool ReadRequest(SSL* ssl) {
    std::string request;
    char buffer[4096];
    while (!IsComplete(request)) {
      const int got = SSL_read(ssl, buffer, sizeof(buffer));
      if (got <= 0) return false;
      request.append(buffer, static_cast<size_t>(got));
      base::MutexLock lock(mutex);
      received.append(buffer, static_cast<size_t>(got));
    }
    return true;
  }

  static void Write(SSL* ssl, std::string_view data) {
    SSL_write(ssl, data.data(), static_cast<int>(data.size()));
  }

  void SetConnection(int socket) {
    base::MutexLock lock(mutex);
    connection = socket;
  }

  SSL_CTX* const context;
  int listener = -1;
  uint16_t port = 0;
  mutable base::Mutex mutex;
  base::CondVar changed;
  int connection GH_GUARDED_BY(mutex) = -1;
  int ended GH_GUARDED_BY(mutex) = 0;
  std::string received GH_GUARDED_BY(mutex);
  std::string answer GH_GUARDED_BY(mutex) = std::string(kLastAnswer);
  std::string unasked GH_GUARDED_BY(mutex);
  bool send_unasked GH_GUARDED_BY(mutex) = false;
  bool stopping GH_GUARDED_BY(mutex) = false;
  std::thread thread;
};

TlsReceiver::TlsReceiver(const Certificate& certificate, const std::string& client_authority)
    : state_(std::make_unique<State>(certificate, client_authority)) {}

TlsReceiver::~TlsReceiver() = default;

void TlsReceiver::AnswerWith(std::string answer, std::string unasked) {
  base::MutexLock lock(state_->mutex);
  state_->answer = std::move(answer);
  state_->unasked = std::move(unasked);
}

void TlsReceiver::SendUnasked() {
  base::MutexLock lock(state_->mutex);
  state_->send_unasked = true;
  state_->changed.NotifyAll();
  while (state_->send_unasked) state_->changed.Wait(state_->mutex);
}

uint16_t TlsReceiver::port() const { return state_->port; }

std::string TlsReceiver::received() const {
  base::MutexLock lock(state_->mutex);
  return state_->received;
}

bool TlsReceiver::WaitForConnections(int count) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  base::MutexLock lock(state_->mutex);
  while (state_->ended < count) {
    if (!state_->changed.WaitUntil(state_->mutex, deadline)) return false;
  }
  return true;
}

}  // namespace gatehouse::tests
