#include "tests/support/http/http_receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "base/async/mutex.h"

namespace gatehouse::tests {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct HttpReceiver::State {
  int listener = -1;
  // Readable from Stop on: whoever polls wakes up.
  int stop_event = -1;
  uint16_t port = 0;
  std::thread acceptor;

  base::Mutex mutex;
  base::CondVar changed;
  Handler handler GH_GUARDED_BY(mutex);
  bool count_only GH_GUARDED_BY(mutex) = false;
  size_t count GH_GUARDED_BY(mutex) = 0;
  std::vector<Request> requests GH_GUARDED_BY(mutex);
  int connections GH_GUARDED_BY(mutex) = 0;
  bool send_unasked GH_GUARDED_BY(mutex) = false;
  std::list<std::thread> threads GH_GUARDED_BY(mutex);
};

namespace {

// One connection: reads requests, writes answers, until either side ends it.
class Connection {
 public:
  using Request = HttpReceiver::Request;
  using Answer = HttpReceiver::Answer;

  Connection(int socket, int stop_event, int number)
      : socket_(socket), stop_event_(stop_event), number_(number) {}
  ~Connection() { ::close(socket_); }

  std::optional<Request> Read() {
    size_t header_end;
    while ((header_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return std::nullopt;
      // A TLS handshake: say so in plain text, as other servers do.
      if (buffer_.front() == '\x16') {
        Put("HTTP/1.1 400 Bad Request\r\n\r\n");
        return std::nullopt;
      }
    }
    Request request = ParseHead(buffer_.substr(0, header_end + 2));
    buffer_.erase(0, header_end + 4);
    const auto length = request.headers.find("content-length");
    const size_t body =
        length == request.headers.end() ? 0 : std::strtoul(length->second.c_str(), nullptr, 10);
    while (buffer_.size() < body) {
      if (!Fill()) return std::nullopt;
    }
    request.body = buffer_.substr(0, body);
    buffer_.erase(0, body);
    request.connection = number_;
    request.received = steady_clock::now();
    return request;
  }

  // False if the connection is to be closed.
  bool Write(const Answer& answer) {
    if (answer.drop) return false;
    if (answer.reset) {
      const linger at_once{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      return false;
    }
    if (answer.hang) {
      Pause(std::chrono::hours(1));
      return false;
    }
    if (answer.delay.count() > 0 && !Pause(answer.delay)) return false;
    if (!answer.raw.empty()) {
      Put(answer.raw);
      return false;
    }
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Status\r\n";
    for (const std::string& line : answer.headers) head += line + "\r\n";
    if (answer.drip.count() > 0) {
      Put(head + "\r\n");
      while (Pause(answer.drip) && Put("x")) {
      }
      return false;
    }
    head += "Content-Length: " + std::to_string(answer.body.size() + answer.filler_bytes) + "\r\n";
    if (!Put(head + "\r\n" + answer.body)) return false;
    const std::string filler(size_t{64} << 10, 'f');
    for (size_t left = answer.filler_bytes; left > 0;) {
      const size_t part = std::min(left, filler.size());
      if (!Put(filler.substr(0, part))) return false;
      left -= part;
    }
    return true;
  }

  bool Put(std::string_view data) {
    while (!data.empty()) {
      const ssize_t size = ::send(socket_, data.data(), data.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      data.remove_prefix(static_cast<size_t>(size));
    }
    return true;
  }

  // False if the other side left or the receiver stops meanwhile.
  bool Pause(milliseconds length) const {
    pollfd waits[] = {{socket_, POLLRDHUP, 0}, {stop_event_, POLLIN, 0}};
    return ::poll(waits, 2, static_cast<int>(length.count())) == 0;
  }

 private:
  Request ParseHead(const std::string& head) const {
    Request request;
    size_t begin = 0;
    for (size_t end; (end = head.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
      const std::string line = head.substr(begin, end - begin);
      if (begin == 0) {
        const size_t space = line.find(' ');
        request.method = line.substr(0, space);
        request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
        continue;
      }
      const size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      const size_t value = line.find_first_not_of(' ', colon + 1);
      request.headers[name] = value == std::string::npos ? "" : line.substr(value);
    }
    return request;
  }

  bool Fill() {
    pollfd waits[] = {{socket_, POLLIN, 0}, {stop_event_, POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0 || waits[1].revents != 0) return false;
    char data[16384];
    const ssize_t size = ::recv(socket_, data, sizeof(data), 0);
    if (size <= 0) return false;
    buffer_.append(data, static_cast<size_t>(size));
    return true;
  }

  int socket_;
  int stop_event_;
  int number_;
  std::string buffer_;
};

void Serve(HttpReceiver::State& state, int socket, int number) {
  Connection connection(socket, state.stop_event, number);
  while (std::optional<HttpReceiver::Request> request = connection.Read()) {
    HttpReceiver::Handler handler;
    {
      base::MutexLock lock(state.mutex);
      handler = state.handler;
      ++state.count;
      if (!state.count_only) state.requests.push_back(*request);
      state.changed.NotifyAll();
    }
    const HttpReceiver::Answer answer = handler ? handler(*request) : HttpReceiver::Answer();
    if (!connection.Write(answer)) return;
    if (answer.unasked.empty()) continue;
    if (answer.unasked_after.count() > 0) {
      if (!connection.Pause(answer.unasked_after) || !connection.Put(answer.unasked)) return;
      continue;
    }
    base::MutexLock lock(state.mutex);
    while (!state.send_unasked) state.changed.Wait(state.mutex);
    connection.Put(answer.unasked);
    state.send_unasked = false;
    state.changed.NotifyAll();
  }
}

void Accept(HttpReceiver::State& state) {
  for (;;) {
    pollfd waits[] = {{state.listener, POLLIN, 0}, {state.stop_event, POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0 || waits[1].revents != 0) return;
    const int socket = ::accept4(state.listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    base::MutexLock lock(state.mutex);
    const int number = ++state.connections;
    state.threads.emplace_back([&state, socket, number] { Serve(state, socket, number); });
  }
}

}  // namespace

HttpReceiver::HttpReceiver(Handler handler) : state_(std::make_shared<State>()) {
  SetHandler(std::move(handler));
  state_->stop_event = ::eventfd(0, EFD_CLOEXEC);
  state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (::bind(state_->listener, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(state_->listener, SOMAXCONN) != 0 ||
      ::getsockname(state_->listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::abort();
  }
  state_->port = ntohs(address.sin_port);
  state_->acceptor = std::thread([state = state_.get()] { Accept(*state); });
}

HttpReceiver::~HttpReceiver() {
  const uint64_t one = 1;
  if (::write(state_->stop_event, &one, sizeof(one)) < 0) std::abort();
  state_->acceptor.join();
  std::list<std::thread> threads;
  {
    base::MutexLock lock(state_->mutex);
    threads.swap(state_->threads);
  }
  for (std::thread& thread : threads) thread.join();
  ::close(state_->listener);
  ::close(state_->stop_event);
}

uint16_t HttpReceiver::port() const { return state_->port; }

std::string HttpReceiver::Url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(state_->port) + std::string(path);
}

void HttpReceiver::SetHandler(Handler handler) {
  base::MutexLock lock(state_->mutex);
  state_->handler = std::move(handler);
}

void HttpReceiver::CountOnly() {
  base::MutexLock lock(state_->mutex);
  state_->count_only = true;
}

size_t HttpReceiver::count() const {
  base::MutexLock lock(state_->mutex);
  return state_->count;
}

std::vector<HttpReceiver::Request> HttpReceiver::requests() const {
  base::MutexLock lock(state_->mutex);
  return state_->requests;
}

int HttpReceiver::connections() const {
  base::MutexLock lock(state_->mutex);
  return state_->connections;
}

void HttpReceiver::SendUnasked() {
  base::MutexLock lock(state_->mutex);
  state_->send_unasked = true;
  state_->changed.NotifyAll();
  while (state_->send_unasked) state_->changed.Wait(state_->mutex);
}

bool HttpReceiver::WaitForCount(size_t count, milliseconds limit) const {
  const auto deadline = steady_clock::now() + limit;
  base::MutexLock lock(state_->mutex);
  while (state_->count < count) {
    if (!state_->changed.WaitUntil(state_->mutex, deadline)) return state_->count >= count;
  }
  return true;
}

}  // namespace gatehouse::tests
