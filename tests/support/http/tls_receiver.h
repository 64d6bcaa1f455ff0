#ifndef GATEHOUSE_TESTS_SUPPORT_HTTP_TLS_RECEIVER_H_
#define GATEHOUSE_TESTS_SUPPORT_HTTP_TLS_RECEIVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/http/test_authority.h"

namespace gatehouse::tests {

// An HTTPS server on a free port of 127.0.0.1 that answers every request with 204 and
// closes its connection, unless it is told otherwise, and keeps every byte that clients
// sent it after the handshake. A thread of its own, one connection at a time.
class TlsReceiver {
 public:
  // `client_authority`, PEM: clients must show a certificate of its; empty: none is asked for.
  explicit TlsReceiver(const Certificate& certificate, const std::string& client_authority = "");
  ~TlsReceiver();

  // From now on every request is answered with these bytes, and its connection kept. After the
  // answer, once SendUnasked is called, comes `unasked`, if any: what nobody asked for.
  void AnswerWith(std::string answer, std::string unasked = "");
  // Has the connection whose answer has `unasked` send it; returns once it did.
  void SendUnasked();

  uint16_t port() const;
  // What arrived so far, of all connections: empty if no client came further than
  // the handshake.
  std::string received() const;
  // True once `count` connections have ended, accepted by the client or not; false after
  // 20 seconds.
  bool WaitForConnections(int count) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_HTTP_TLS_RECEIVER_H_
