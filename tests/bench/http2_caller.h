#ifndef GATEHOUSE_TESTS_BENCH_HTTP2_CALLER_H_
#define GATEHOUSE_TESTS_BENCH_HTTP2_CALLER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gatehouse::tests {

// Calls one gRPC method over some connections, on nghttp2 alone as h2load does, for what h2load is
// not able to do: each call has a request of its own, begins when whoever makes it says so, and
// its answer is looked into.
//
// One thread. The end of a connection is that of the run: std::runtime_error.
class Http2Caller {
 public:
  using Clock = std::chrono::steady_clock;

  struct Target {
    // An IPv4 address and a port.
    std::string address;
    // For example gatehouse.v1.UserService/GetUser.
    std::string method;
    // Empty: calls have no credential.
    std::string token;
    int connections = 4;
  };

  struct Answer {
    // grpc-status; -1: the call ended without one.
    int status = -1;
    std::string message;
    // google.rpc.Status, encoded; empty: there was none.
    std::string details;
    Clock::time_point begun;
    Clock::time_point ended;
  };
  using Done = std::function<void(const Answer&)>;

  explicit Http2Caller(const Target& target);
  ~Http2Caller();
  Http2Caller(const Http2Caller&) = delete;
  Http2Caller& operator=(const Http2Caller&) = delete;

  // Begins a call on the next connection in turn; Poll sends it. `frame` is the request with its
  // prefix, as it goes over the wire.
  void Begin(std::string frame, Done done);

  // Waits until something has come, a signal also, but not beyond `until`. Tells of the calls that
  // have ended; who is told may begin others.
  void Poll(Clock::time_point until);

  size_t in_flight() const { return in_flight_; }

  // A message with its prefix.
  static std::string FrameOf(const std::string& message);

 private:
  class Connection;

  const std::string path_;
  const std::string authorization_;
  std::vector<std::unique_ptr<Connection>> connections_;
  size_t begun_ = 0;
  size_t in_flight_ = 0;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_BENCH_HTTP2_CALLER_H_
