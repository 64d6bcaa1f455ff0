#ifndef GATEHOUSE_TESTS_SUPPORT_HTTP_HTTP2_RECEIVER_H_
#define GATEHOUSE_TESTS_SUPPORT_HTTP_HTTP2_RECEIVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http/test_authority.h"

namespace gatehouse::tests {

// An HTTPS server on a free port of 127.0.0.1 that offers HTTP/2 and nothing else, and answers
// every request with 200 and a body. A thread for each connection.
class Http2Receiver {
 public:
  explicit Http2Receiver(const Certificate& certificate);
  ~Http2Receiver();
  Http2Receiver(const Http2Receiver&) = delete;
  Http2Receiver& operator=(const Http2Receiver&) = delete;

  struct Request {
    std::string path;
    std::string body;
    // 1, 2, 3 ...
    int connection = 0;
    // Others of its connection that were not answered when it came.
    int beside = 0;
  };

  uint16_t port() const;
  std::vector<Request> requests() const;
  // That ended their handshake with HTTP/2.
  int connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_HTTP_HTTP2_RECEIVER_H_
