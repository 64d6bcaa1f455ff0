#include "tests/support/http/connect_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <list>
#include <thread>

#include "base/async/mutex.h"

namespace gatehouse::tests {
namespace {

void Require(bool ok) {
  if (!ok) std::abort();
}

// Of "CONNECT 192.0.2.7:443 HTTP/1.1"; 0 for anything else.
uint16_t PortOf(const std::string& head) {
  const std::string line = head.substr(0, head.find('\r'));
  if (!line.starts_with("CONNECT ")) return 0;
  const std::string authority = line.substr(8, line.rfind(' ') - 8);
  return static_cast<uint16_t>(
      std::strtoul(authority.substr(authority.rfind(':') + 1).c_str(), nullptr, 10));
}

int ConnectTo(uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET,
                      .sin_port = htons(port),
                      .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return socket;
  ::close(socket);
  return -1;
}

bool SendAll(int socket, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

// Until either side has ended.
void Tunnel(int a, int b) {
  char buffer[16'384];
  for (;;) {
    pollfd both[] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
    if (::poll(both, 2, -1) <= 0) return;
    for (int i = 0; i < 2; ++i) {
      if (both[i].revents == 0) continue;
      const ssize_t got = ::recv(both[i].fd, buffer, sizeof(buffer), 0);
      if (got <= 0 || !SendAll(both[1 - i].fd, buffer, static_cast<size_t>(got))) return;
    }
  }
}

}  // namespace

struct ConnectProxy::State {
  State() {
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

  void Serve(int socket) {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(socket, &byte, 1, 0) == 1) head += byte;
    int status = 0;
    bool silent = false;
    {
      base::MutexLock lock(mutex);
      heads.push_back(head);
      status = refusal;
      silent = hanging;
    }
    if (silent) {
      while (::recv(socket, &byte, 1, 0) == 1) {
      }
      return;
    }
    const int to = status == 0 ? ConnectTo(PortOf(head)) : -1;
    if (to < 0) {
      const std::string answer = "HTTP/1.1 " + std::to_string(status == 0 ? 502 : status) +
                                 " No\r\nRetry-After: 99\r\nContent-Length: 0\r\n\r\n";
      SendAll(socket, answer.data(), answer.size());
    } else {
      // A head of the proxy's own: none of the receiver's.
      const std::string answer = "HTTP/1.1 200 Connected\r\nRetry-After: 99\r\n\r\n";
      if (SendAll(socket, answer.data(), answer.size())) Tunnel(socket, to);
      ::close(to);
    }
    ::shutdown(socket, SHUT_RDWR);
  }

  int listener = -1;
  uint16_t port = 0;
  mutable base::Mutex mutex;
  std::vector<int> sockets;
  std::list<std::thread> threads;
  int refusal GH_GUARDED_BY(mutex) = 0;
  bool hanging GH_GUARDED_BY(mutex) = false;
  std::vector<std::string> heads GH_GUARDED_BY(mutex);
  std::thread acceptor;
};

ConnectProxy::ConnectProxy() : state_(std::make_unique<State>()) {}

ConnectProxy::~ConnectProxy() = default;

std::string ConnectProxy::Url() const { return "http://127.0.0.1:" + std::to_string(state_->port); }

void ConnectProxy::Refuse(int status) {
  base::MutexLock lock(state_->mutex);
  state_->refusal = status;
  state_->hanging = false;
}

void ConnectProxy::Hang() {
  base::MutexLock lock(state_->mutex);
  state_->hanging = true;
}

std::vector<std::string> ConnectProxy::heads() const {
  base::MutexLock lock(state_->mutex);
  return state_->heads;
}

}  // namespace gatehouse::tests
