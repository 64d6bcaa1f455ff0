#ifndef GATEHOUSE_TESTS_SUPPORT_HTTP_HTTP_RECEIVER_H_
#define GATEHOUSE_TESTS_SUPPORT_HTTP_HTTP_RECEIVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::tests {

// A real HTTP/1.1 server on a free port of 127.0.0.1, for what sends requests.
// It answers as it is told, rightly or wrongly, and keeps what it got.
//
// Thread-safe. Its destructor ends every connection.
class HttpReceiver {
 public:
  struct Request {
    std::string method;
    std::string target;
    // Names in lower case.
    std::map<std::string, std::string> headers;
    std::string body;
    // Which connection it came on: 1, 2, 3 ...
    int connection = 0;
    std::chrono::steady_clock::time_point received;
  };

  struct Answer {
    int status = 200;
    std::vector<std::string> headers = {};  // "Name: value"
    std::string body = {};
    // Before the first byte of the answer.
    std::chrono::milliseconds delay{0};
    // Say nothing until the other side goes away.
    bool hang = false;
    // Close without a word; the same so that the other side is told of an error.
    bool drop = false;
    bool reset = false;
    // After `body`, so many bytes more.
    size_t filler_bytes = 0;
    // After the header, one byte at a time this far apart, without end.
    std::chrono::milliseconds drip{0};
    // Instead of everything above: these very bytes, then close.
    std::string raw = {};
    // After the answer, once SendUnasked is called: what nobody asked for. With `unasked_after` by
    // itself, so much later.
    std::string unasked = {};
    std::chrono::milliseconds unasked_after{0};
  };

  // Runs on the connection's thread; may block.
  using Handler = std::function<Answer(const Request&)>;

  // Without a handler every request is answered with 200 and no body.
  explicit HttpReceiver(Handler handler = {});
  ~HttpReceiver();
  HttpReceiver(const HttpReceiver&) = delete;
  HttpReceiver& operator=(const HttpReceiver&) = delete;

  uint16_t port() const;
  // "http://127.0.0.1:PORT" + path.
  std::string Url(std::string_view path = "/") const;

  void SetHandler(Handler handler);
  // Keeps no requests, only their number: for benches.
  void CountOnly();

  size_t count() const;
  std::vector<Request> requests() const;
  int connections() const;

  // Has the connection whose answer has `unasked` send it; returns once it did.
  void SendUnasked();

  // True once `count` requests have come; false if that takes longer than any
  // test should.
  bool WaitForCount(size_t count, std::chrono::milliseconds limit = std::chrono::seconds(60)) const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_HTTP_HTTP_RECEIVER_H_
