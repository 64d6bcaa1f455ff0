#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_CONNECTOR_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_CONNECTOR_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/async/loop.h"
#include "base/time.h"
#include "service/delivery/http/address_guard.h"

namespace gatehouse::service::delivery {

// Connects to the first of several addresses that answers (Happy Eyeballs, RFC 8305): families by
// turns, the next address after 250 ms or as soon as one refuses, what was begun goes on.
//
// libcurl could connect by itself, but 7.88 closes sockets that never connected without telling
// whoever watches them (curl issue 11439), and their numbers come again as those of others.
//
// Thread: the loop's. Its destructor ends what it began; then `done` does not run.
class Connector {
 public:
  enum class Outcome { kConnected, kRefused, kTimeout };
  // `socket`: connected, non-blocking, the receiver's to close; -1 unless kConnected.
  using Done = std::function<void(Outcome outcome, int socket)>;

  // RFC 8305, 8: Connection Attempt Delay.
  static constexpr std::chrono::milliseconds kAttemptDelay{250};

  // `done` runs once, later, on the loop: kRefused if every address refused or cannot be reached,
  // kTimeout if `give_up` came first. It may destroy the connector. `addresses` is not empty.
  Connector(base::Loop& loop, const std::vector<IpAddress>& addresses, uint16_t port,
            base::SteadyTime give_up, Done done);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_CONNECTOR_H_
