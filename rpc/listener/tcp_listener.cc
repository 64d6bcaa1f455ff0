#include "rpc/listener/tcp_listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log_line.h"

namespace gatehouse::rpc {
namespace {

// Connections that the kernel completes before they are accepted.
constexpr int kBacklog = 1024;

// Connections accepted in a row before the stop event is looked at.
constexpr int kAcceptsInARow = 64;

constexpr int kBackOffMs = 100;

int OpenReserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

absl::Status CannotListen(const std::string& address) {
  return absl::UnavailableError("cannot listen on " + address +
                                ": the port is in use or the address is not of this host");
}

struct HostAndPort {
  std::string host;
  std::string port;
};

HostAndPort Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {address, "0"};
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, address.substr(colon + 1)};
}

int PortOf(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  // At the same place in both.
  sockaddr_in in{};
  std::memcpy(&in, &address, sizeof(in));
  return ntohs(in.sin_port);
}

}  // namespace

TcpListener::TcpListener() : stop_event_(eventfd(0, EFD_CLOEXEC)), reserve_(OpenReserve()) {}

TcpListener::~TcpListener() {
  Stop();
  ::close(stop_event_);
  if (reserve_ >= 0) ::close(reserve_);
}

absl::StatusOr<std::unique_ptr<TcpListener>> TcpListener::Bind(const std::string& address) {
  std::unique_ptr<TcpListener> listener(new TcpListener());
  if (absl::Status status = listener->BindAll(address); !status.ok()) return status;
  return listener;
}

absl::Status TcpListener::BindAll(const std::string& address) {
  const HostAndPort parts = Split(address);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const char* const host = parts.host.empty() ? nullptr : parts.host.c_str();
  if (getaddrinfo(host, parts.port.c_str(), &hints, &found) != 0) return CannotListen(address);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> free_found(found, freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    // The others share the port that the first one got.
    sockaddr_storage wanted{};
    std::memcpy(&wanted, one->ai_addr, one->ai_addrlen);
    auto* const in = reinterpret_cast<sockaddr_in*>(&wanted);
    if (in->sin_port == 0) in->sin_port = htons(static_cast<uint16_t>(port_));
    const int socket =
        BindOne(one->ai_family, reinterpret_cast<const sockaddr*>(&wanted), one->ai_addrlen);
    if (socket < 0) {
      // A host whose IPv6 is switched off has names with addresses of it all the same.
      if (errno == EAFNOSUPPORT || (errno == EADDRNOTAVAIL && one->ai_next != nullptr)) continue;
      return CannotListen(address);
    }
    sockets_.push_back(socket);
    port_ = PortOf(socket);
  }
  return sockets_.empty() ? CannotListen(address) : absl::OkStatus();
}

int TcpListener::BindOne(int family, const sockaddr* address, unsigned length) {
  const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return -1;
  const int on = 1;
  // Connections of the server before this one may still be in TIME_WAIT.
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // "::" is every address, of IPv4 too; but beside a socket for 0.0.0.0 each has its own.
  const int only_v6 = sockets_.empty() ? 0 : 1;
  if (family == AF_INET6) {
    setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6));
  }
  if (::bind(socket, address, length) == 0 && ::listen(socket, kBacklog) == 0) return socket;
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

void TcpListener::Start(const std::string& thread_name, Events events) {
  events_ = std::move(events);
  thread_ = std::thread([this, thread_name] { Run(thread_name); });
}

void TcpListener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    (void)!::write(stop_event_, &one, sizeof(one));
    thread_.join();
  }
  for (const int socket : sockets_) ::close(socket);
  sockets_.clear();
}

void TcpListener::Run(const std::string& thread_name) {
  pthread_setname_np(pthread_self(), thread_name.c_str());
  std::vector<pollfd> waiting{{.fd = stop_event_, .events = POLLIN, .revents = 0}};
  for (const int socket : sockets_)
    waiting.push_back({.fd = socket, .events = POLLIN, .revents = 0});
  while (true) {
    // While backing off only the stop event counts: the sockets are ready all the time.
    const bool pause = std::exchange(backing_off_, false);
    if (::poll(waiting.data(), pause ? 1 : waiting.size(), pause ? kBackOffMs : -1) < 0) continue;
    if (waiting[0].revents != 0) return;
    for (size_t i = 1; i < waiting.size(); ++i) {
      if (pause || waiting[i].revents != 0) AcceptAll(waiting[i].fd);
    }
  }
}

void TcpListener::AcceptAll(int socket) {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    sockaddr_storage peer{};
    socklen_t length = sizeof(peer);
    const int connection = ::accept4(socket, reinterpret_cast<sockaddr*>(&peer), &length,
                                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection >= 0) {
      accepting_ = true;
      events_.on_connection(connection, peer);
    } else if (!OnAcceptError(errno, socket)) {
      return;
    }
  }
}

bool TcpListener::OnAcceptError(int error, int socket) {
  switch (error) {
    case EAGAIN:
      accepting_ = true;
      return false;
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return true;
    default:
      break;
  }
  // It may have been taken by others meanwhile.
  if (reserve_ < 0) reserve_ = OpenReserve();
  backing_off_ = true;
  accepting_ = false;
  if ((error != EMFILE && error != ENFILE) || reserve_ < 0) {
    base::LogLine(base::LogLevel::kWarning, "no connections can be accepted for now",
                  {{"error", std::strerror(error)}});
    return false;
  }
  ::close(reserve_);
  const int refused = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC);
  if (refused >= 0) ::close(refused);
  reserve_ = OpenReserve();
  // Nobody was waiting: the kernel looks for a descriptor first.
  if (refused < 0) return false;
  events_.on_no_descriptor();
  base::LogLine(base::LogLevel::kWarning, "a connection was refused: no file descriptor is left");
  return false;
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace gatehouse::rpc
