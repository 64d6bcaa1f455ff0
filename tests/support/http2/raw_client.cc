#include "tests/support/http2/raw_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gatehouse::tests {
namespace {

constexpr size_t kFrameHeaderBytes = 9;

void AppendNumber(std::string& to, uint32_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<char>(number >> (8 * i)));
}

uint32_t Number(std::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

// A string literal of HPACK, without Huffman code.
void AppendLiteral(std::string& to, std::string_view text) {
  constexpr size_t kPrefix = 127;
  if (text.size() < kPrefix) {
    to.push_back(static_cast<char>(text.size()));
  } else {
    to.push_back(static_cast<char>(kPrefix));
    size_t rest = text.size() - kPrefix;
    for (; rest >= 128; rest /= 128) to.push_back(static_cast<char>(rest % 128 + 128));
    to.push_back(static_cast<char>(rest));
  }
  to.append(text);
}

}  // namespace

bool RawClient::Connect(int port, bool v6) {
  sockaddr_in6 to_v6{};
  to_v6.sin6_family = AF_INET6;
  to_v6.sin6_port = htons(static_cast<uint16_t>(port));
  to_v6.sin6_addr = in6addr_loopback;
  sockaddr_in to_v4{};
  to_v4.sin_family = AF_INET;
  to_v4.sin_port = htons(static_cast<uint16_t>(port));
  to_v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return v6 ? ::connect(socket_, reinterpret_cast<const sockaddr*>(&to_v6), sizeof(to_v6)) == 0
            : ::connect(socket_, reinterpret_cast<const sockaddr*>(&to_v4), sizeof(to_v4)) == 0;
}

RawClient::RawClient(int port, bool greet, bool v6)
    : socket_(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  // A test that hangs helps nobody.
  const timeval patience{.tv_sec = 60};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (!Connect(port, v6) || !greet) return;
  Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  SendFrame(kSettings, 0, 0, "");
}

RawClient::~RawClient() { ::close(socket_); }

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool RawClient::SendFrame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return Send(MakeFrame(type, flags, stream, payload));
}

std::string RawClient::MakeFrame(uint8_t type, uint8_t flags, uint32_t stream,
                                 std::string_view payload) {
  std::string frame;
  AppendNumber(frame, static_cast<uint32_t>(payload.size()), 3);
  AppendNumber(frame, type, 1);
  AppendNumber(frame, flags, 1);
  AppendNumber(frame, stream, 4);
  frame.append(payload);
  return frame;
}

bool RawClient::Fill(size_t bytes) {
  std::array<char, 16384> buffer;
  while (input_.size() < bytes) {
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    input_.append(buffer.data(), static_cast<size_t>(got));
  }
  return true;
}

std::optional<RawClient::Frame> RawClient::Read() {
  if (!Fill(kFrameHeaderBytes)) return std::nullopt;
  const std::string_view header = input_;
  const size_t length = Number(header.substr(0, 3));
  Frame frame{.type = static_cast<uint8_t>(header[3]),
              .flags = static_cast<uint8_t>(header[4]),
              .stream = Number(header.substr(5, 4))};
  if (!Fill(kFrameHeaderBytes + length)) return std::nullopt;
  frame.payload = input_.substr(kFrameHeaderBytes, length);
  input_.erase(0, kFrameHeaderBytes + length);
  return frame;
}

std::optional<RawClient::Frame> RawClient::ReadType(uint8_t type, uint32_t stream) {
  while (std::optional<Frame> frame = Read()) {
    if (frame->type == type && (stream == 0 || frame->stream == stream)) return frame;
  }
  return std::nullopt;
}

std::optional<uint32_t> RawClient::ReadGoAway() {
  const std::optional<Frame> frame = ReadType(kGoAway);
  if (!frame) return std::nullopt;
  return Number(std::string_view(frame->payload).substr(4, 4));
}

bool RawClient::ReadEnd() {
  while (Read()) {
  }
  std::array<char, 1> byte;
  return ::recv(socket_, byte.data(), byte.size(), MSG_DONTWAIT) == 0 || errno != EAGAIN;
}

std::string RawClient::Encode(const Fields& fields) {
  std::string block;
  for (const auto& [name, value] : fields) {
    // Literal, not indexed, new name.
    block.push_back(0);
    AppendLiteral(block, name);
    AppendLiteral(block, value);
  }
  return block;
}

std::string RawClient::Call(const std::string& method, const Fields& more) {
  Fields fields{{":method", "POST"},
                {":scheme", "http"},
                {":path", method},
                {":authority", "localhost"},
                {"content-type", "application/grpc"},
                {"te", "trailers"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return Encode(fields);
}

std::string RawClient::Message(std::string_view bytes, char flags) {
  std::string message(1, flags);
  AppendNumber(message, static_cast<uint32_t>(bytes.size()), 4);
  message.append(bytes);
  return message;
}

}  // namespace gatehouse::tests
