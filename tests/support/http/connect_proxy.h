#ifndef GATEHOUSE_TESTS_SUPPORT_HTTP_CONNECT_PROXY_H_
#define GATEHOUSE_TESTS_SUPPORT_HTTP_CONNECT_PROXY_H_

#include <memory>
#include <string>
#include <vector>

namespace gatehouse::tests {

// An HTTP proxy on a free port of 127.0.0.1 that takes CONNECT alone. Whatever address it is asked
// for, it connects to that port of 127.0.0.1: so public addresses can be asked for. A thread for
// each connection.
class ConnectProxy {
 public:
  ConnectProxy();
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  // "http://127.0.0.1:PORT".
  std::string Url() const;
  // From now on every CONNECT is answered with this, and not with a tunnel; 0: with a tunnel again.
  void Refuse(int status);
  // Until then none is answered at all.
  void Hang();
  // The heads of the requests, to the byte.
  std::vector<std::string> heads() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_HTTP_CONNECT_PROXY_H_
