#ifndef GATEHOUSE_TESTS_SUPPORT_HTTP_SILENT_LISTENER_H_
#define GATEHOUSE_TESTS_SUPPORT_HTTP_SILENT_LISTENER_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

namespace gatehouse::tests {

// A port of 127.0.0.2 where connecting neither succeeds nor fails: the queue of its listener is
// full. So a receiver on 127.0.0.1 may have the same port.
class SilentListener {
 public:
  // 0: a free one.
  explicit SilentListener(uint16_t port = 0) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, "127.0.0.2", &address.sin_addr);
    auto* target = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(sockets_[0], target, size), 0);
    EXPECT_EQ(::listen(sockets_[0], 0), 0);
    EXPECT_EQ(::getsockname(sockets_[0], target, &size), 0);
    port_ = ntohs(address.sin_port);
    // One fits into a queue of length 0; the next ones are the first to get no answer.
    for (int i = 0; i < 4; ++i) {
      sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(sockets_.back(), target, size);
    }
  }
  ~SilentListener() {
    for (const int socket : sockets_) ::close(socket);
  }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;

  uint16_t port() const { return port_; }

 private:
  std::vector<int> sockets_;
  uint16_t port_ = 0;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_HTTP_SILENT_LISTENER_H_
