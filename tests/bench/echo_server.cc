// The yardstick for calls: what nghttp2 alone can do on one thread. Takes gRPC requests, looks at
// none of their contents and answers each with a message of a fixed size and trailers, as a server
// would do that had nothing to do. Prints its port, and serves until standard input ends.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>

namespace {

// The prefix, and as many bytes as VerifySession answers with.
constexpr size_t kAnswerBytes = 5 + 380;

struct Connection {
  int socket;
  nghttp2_session* session;
  std::string unsent;
  bool waits_for_room = false;
};

nghttp2_nv Field(const char* name, const char* value) {
  return {.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name)),
          .value = reinterpret_cast<uint8_t*>(const_cast<char*>(value)),
          .namelen = std::strlen(name),
          .valuelen = std::strlen(value),
          .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

ssize_t ReadAnswer(nghttp2_session* session, int32_t stream, uint8_t* buffer, size_t,
                   uint32_t* flags, nghttp2_data_source*, void*) {
  std::memset(buffer, 0, kAnswerBytes);
  buffer[3] = (kAnswerBytes - 5) >> 8;
  buffer[4] = (kAnswerBytes - 5) & 0xFF;
  *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
  const nghttp2_nv trailers[] = {Field("grpc-status", "0")};
  nghttp2_submit_trailer(session, stream, trailers, 1);
  return kAnswerBytes;
}

int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void*) {
  const bool request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (!request || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  const nghttp2_nv headers[] = {Field(":status", "200"), Field("content-type", "application/grpc"),
                                Field("grpc-accept-encoding", "identity,gzip")};
  const nghttp2_data_provider answer{.source = {}, .read_callback = ReadAnswer};
  return nghttp2_submit_response(session, frame->hd.stream_id, headers, 3, &answer);
}

class Server {
 public:
  Server() {
    nghttp2_session_callbacks_new(&callbacks_);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks_, OnFrame);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, any, length) != 0 || listen(listener_, 1024) != 0 ||
        getsockname(listener_, any, &length) != 0) {
      std::perror("listen");
      std::exit(1);
    }
    port_ = ntohs(address.sin_port);
    Watch(listener_, EPOLLIN);
    Watch(STDIN_FILENO, EPOLLIN);
  }

  int port() const { return port_; }

  void Serve() {
    std::array<epoll_event, 64> events;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int ready = events[i].data.fd;
        if (ready == STDIN_FILENO) return;
        if (ready == listener_) {
          Accept();
        } else if (!Handle(connections_.at(ready), events[i].events)) {
          Close(ready);
        }
      }
    }
  }

 private:
  void Watch(int descriptor, uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = descriptor}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void Accept() {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Connection& made = connections_[socket];
    made.socket = socket;
    nghttp2_session_server_new(&made.session, callbacks_, nullptr);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}};
    nghttp2_submit_settings(made.session, NGHTTP2_FLAG_NONE, settings, 1);
    Watch(socket, EPOLLIN);
  }

  void Close(int socket) {
    nghttp2_session_del(connections_.at(socket).session);
    connections_.erase(socket);
    ::close(socket);
  }

  bool Handle(Connection& connection, uint32_t events) {
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) return false;
    if ((events & EPOLLIN) != 0) {
      const ssize_t got = recv(connection.socket, input_.data(), input_.size(), 0);
      if (got <= 0) return false;
      const ssize_t taken = nghttp2_session_mem_recv(
          connection.session, reinterpret_cast<uint8_t*>(input_.data()), static_cast<size_t>(got));
      if (taken < 0) return false;
    }
    return Send(connection);
  }

  bool Send(Connection& connection) {
    const uint8_t* bytes = nullptr;
    while (true) {
      const ssize_t length = nghttp2_session_mem_send(connection.session, &bytes);
      if (length < 0) return false;
      if (length == 0) break;
      connection.unsent.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
    }
    if (!connection.unsent.empty()) {
      const ssize_t sent = ::send(connection.socket, connection.unsent.data(),
                                  connection.unsent.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return false;
      connection.unsent.erase(0, static_cast<size_t>(std::max<ssize_t>(sent, 0)));
    }
    const bool waits = !connection.unsent.empty();
    if (waits != connection.waits_for_room) {
      connection.waits_for_room = waits;
      epoll_event event{.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN,
                        .data = {.fd = connection.socket}};
      epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event);
    }
    return nghttp2_session_want_read(connection.session) != 0 ||
           nghttp2_session_want_write(connection.session) != 0;
  }

  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  nghttp2_session_callbacks* callbacks_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::array<char, size_t{64} << 10> input_;
  std::unordered_map<int, Connection> connections_;
};

}  // namespace

int main() {
  static Server server;
  std::printf("PORT %d\n", server.port());
  std::fflush(stdout);
  server.Serve();
  return 0;
}
