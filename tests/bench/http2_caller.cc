#include "tests/bench/http2_caller.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/text/encoding.h"

namespace gatehouse::tests {
namespace {

constexpr size_t kPrefixBytes = 5;
// Of a connection: no answer waits for it.
constexpr int32_t kWindow = 1 << 30;

struct Call {
  std::string frame;
  std::string_view unsent;
  // With its prefix.
  std::string received;
  Http2Caller::Answer answer;
  Http2Caller::Done done;
};

// What it is made of has to live until it is sent.
nghttp2_nv Field(std::string_view name, std::string_view value) {
  return {.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          .value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())),
          .namelen = name.size(),
          .valuelen = value.size(),
          .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

std::string_view Text(const uint8_t* bytes, size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

ssize_t ReadRequest(nghttp2_session*, int32_t, uint8_t* buffer, size_t length, uint32_t* flags,
                    nghttp2_data_source* source, void*) {
  std::string_view& unsent = static_cast<Call*>(source->ptr)->unsent;
  const size_t part = std::min(length, unsent.size());
  std::memcpy(buffer, unsent.data(), part);
  unsent.remove_prefix(part);
  if (unsent.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(part);
}

int Connect(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1 ||
      ::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    throw std::runtime_error("no connection to " + address);
  }
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return socket;
}

}  // namespace

class Http2Caller::Connection {
 public:
  Connection(const std::string& address, const nghttp2_session_callbacks* callbacks)
      : socket_(Connect(address)) {
    nghttp2_session_client_new(&session_, callbacks, this);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 1);
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
  }
  ~Connection() {
    nghttp2_session_del(session_);
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  static void SetCallbacks(nghttp2_session_callbacks* callbacks) {
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
  }

  void Begin(const std::vector<nghttp2_nv>& headers, std::string frame, Done done) {
    auto call = std::make_unique<Call>();
    call->frame = std::move(frame);
    call->unsent = call->frame;
    call->done = std::move(done);
    call->answer.begun = Clock::now();
    const nghttp2_data_provider body{.source = {.ptr = call.get()}, .read_callback = ReadRequest};
    const int32_t stream =
        nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, nullptr);
    if (stream < 0) throw std::runtime_error(nghttp2_strerror(stream));
    calls_.emplace(stream, std::move(call));
  }

  void Send() {
    const uint8_t* bytes = nullptr;
    while (true) {
      const ssize_t length = nghttp2_session_mem_send(session_, &bytes);
      if (length < 0) throw std::runtime_error(nghttp2_strerror(static_cast<int>(length)));
      if (length == 0) break;
      unsent_.append(Text(bytes, static_cast<size_t>(length)));
    }
    if (unsent_.empty()) return;
    const ssize_t sent =
        ::send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) throw std::runtime_error("the server closed a connection");
    unsent_.erase(0, static_cast<size_t>(std::max<ssize_t>(sent, 0)));
  }

  pollfd Awaited() const {
    const int events = unsent_.empty() ? POLLIN : POLLIN | POLLOUT;
    return {.fd = socket_, .events = static_cast<short>(events), .revents = 0};
  }

  void Receive() {
    const ssize_t got = ::recv(socket_, input_.data(), input_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) throw std::runtime_error("the server closed a connection");
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const uint8_t*>(input_.data()), static_cast<size_t>(got));
    if (taken < 0) throw std::runtime_error(nghttp2_strerror(static_cast<int>(taken)));
  }

  std::vector<std::unique_ptr<Call>> TakeEnded() { return std::exchange(ended_, {}); }

 private:
  Call* Find(int32_t stream) {
    const auto found = calls_.find(stream);
    return found == calls_.end() ? nullptr : found->second.get();
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name_bytes,
                      size_t name_length, const uint8_t* value_bytes, size_t value_length, uint8_t,
                      void* connection) {
    Call* const call = static_cast<Connection*>(connection)->Find(frame->hd.stream_id);
    if (call == nullptr) return 0;
    const std::string_view name = Text(name_bytes, name_length);
    const std::string_view value = Text(value_bytes, value_length);
    if (name == "grpc-status") {
      std::from_chars(value.data(), value.data() + value.size(), call->answer.status);
    } else if (name == "grpc-status-details-bin") {
      call->answer.details = base::Base64Decode(value).value_or("");
    }
    return 0;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* bytes, size_t length,
                    void* connection) {
    Call* const call = static_cast<Connection*>(connection)->Find(stream);
    if (call != nullptr) call->received.append(Text(bytes, length));
    return 0;
  }

  static int OnClose(nghttp2_session*, int32_t stream, uint32_t, void* connection) {
    auto& self = *static_cast<Connection*>(connection);
    auto call = self.calls_.extract(stream);
    if (call.empty()) return 0;
    Answer& answer = call.mapped()->answer;
    answer.ended = Clock::now();
    const std::string& received = call.mapped()->received;
    if (received.size() > kPrefixBytes) answer.message = received.substr(kPrefixBytes);
    self.ended_.push_back(std::move(call.mapped()));
    return 0;
  }

  const int socket_;
  nghttp2_session* session_ = nullptr;
  std::string unsent_;
  std::array<char, size_t{64} << 10> input_;
  // By their streams.
  std::unordered_map<int32_t, std::unique_ptr<Call>> calls_;
  std::vector<std::unique_ptr<Call>> ended_;
};

Http2Caller::Http2Caller(const Target& target)
    : path_("/" + target.method),
      authorization_(target.token.empty() ? "" : "Bearer " + target.token) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  Connection::SetCallbacks(callbacks);
  for (int i = 0; i < target.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(target.address, callbacks));
  }
  nghttp2_session_callbacks_del(callbacks);
}

Http2Caller::~Http2Caller() = default;

void Http2Caller::Begin(std::string frame, Done done) {
  std::vector<nghttp2_nv> headers{Field(":method", "POST"),
                                  Field(":scheme", "http"),
                                  Field(":path", path_),
                                  Field(":authority", "localhost"),
                                  Field("content-type", "application/grpc"),
                                  Field("te", "trailers")};
  if (!authorization_.empty()) headers.push_back(Field("authorization", authorization_));
  Connection& connection = *connections_[begun_++ % connections_.size()];
  connection.Begin(headers, std::move(frame), std::move(done));
  ++in_flight_;
}

void Http2Caller::Poll(Clock::time_point until) {
  std::vector<pollfd> sockets;
  for (const auto& connection : connections_) {
    connection->Send();
    sockets.push_back(connection->Awaited());
  }
  const auto left = std::max(until - Clock::now(), Clock::duration::zero());
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec wait{.tv_sec = whole.count(),
                      .tv_nsec = std::chrono::nanoseconds(left - whole).count()};
  const int ready = ppoll(sockets.data(), sockets.size(), &wait, nullptr);
  for (size_t i = 0; ready > 0 && i < sockets.size(); ++i) {
    if (sockets[i].revents != 0) connections_[i]->Receive();
  }
  for (const auto& connection : connections_) {
    for (const std::unique_ptr<Call>& call : connection->TakeEnded()) {
      --in_flight_;
      call->done(call->answer);
    }
  }
}

std::string Http2Caller::FrameOf(const std::string& message) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame.push_back(static_cast<char>(message.size() >> shift));
  }
  return frame + message;
}

}  // namespace gatehouse::tests
