#include "service/delivery/http/connector.h"

#include <algorithm>
#include <asio/error_code.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <list>
#include <utility>

namespace gatehouse::service::delivery {
namespace {

using asio::ip::tcp;

// The families by turns, that of the first address first (RFC 8305, 4).
std::vector<IpAddress> ByTurns(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> first;
  std::vector<IpAddress> second;
  for (const IpAddress& address : addresses) {
    (address.v6 == addresses.front().v6 ? first : second).push_back(address);
  }
  std::vector<IpAddress> order;
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) order.push_back(first[i]);
    if (i < second.size()) order.push_back(second[i]);
  }
  return order;
}

tcp::endpoint EndpointOf(const IpAddress& address, uint16_t port) {
  if (address.v6) return {asio::ip::address_v6(address.bytes), port};
  asio::ip::address_v4::bytes_type bytes;
  std::copy_n(address.bytes.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v4(bytes), port};
}

}  // namespace

struct Connector::State : std::enable_shared_from_this<State> {
  State(base::Loop& loop, const std::vector<IpAddress>& addresses, uint16_t to_port, Done then)
      : io(loop.io()),
        port(to_port),
        waiting(ByTurns(addresses)),
        next_attempt(io),
        give_up(io),
        done(std::move(then)) {}

  void Start(base::SteadyTime deadline) {
    give_up.expires_at(deadline);
    give_up.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error) self->End(Outcome::kTimeout, -1);
    });
    StartNext();
  }

  // Begins with the next address, and sees to the one after it.
  void StartNext() {
    if (waiting.empty()) return;
    const tcp::endpoint to = EndpointOf(waiting.front(), port);
    waiting.erase(waiting.begin());
    sockets.emplace_back(io);
    const auto socket = std::prev(sockets.end());
    socket->async_connect(to, [self = shared_from_this(), socket](const asio::error_code& error) {
      self->OnConnect(socket, error);
    });
    if (waiting.empty()) return;
    next_attempt.expires_after(kAttemptDelay);
    next_attempt.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error && self->done) self->StartNext();
    });
  }

  void OnConnect(std::list<tcp::socket>::iterator socket, const asio::error_code& error) {
    if (!done) return;
    if (!error) {
      asio::error_code ignored;
      socket->non_blocking(true, ignored);
      return End(Outcome::kConnected, socket->release());
    }
    sockets.erase(socket);
    if (!waiting.empty()) {
      StartNext();
    } else if (sockets.empty()) {
      End(Outcome::kRefused, -1);
    }
  }

  void End(Outcome outcome, int socket) {
    if (!done) return;
    const Done then = Cancel();
    then(outcome, socket);
  }

  // Nothing more happens; what was to be told.
  Done Cancel() {
    next_attempt.cancel();
    give_up.cancel();
    // Their handlers still run, and find `done` empty.
    for (tcp::socket& socket : sockets) {
      asio::error_code ignored;
      socket.close(ignored);
    }
    return std::exchange(done, nullptr);
  }

  asio::io_context& io;
  const uint16_t port;
  std::vector<IpAddress> waiting;
  // Those that connect.
  std::list<tcp::socket> sockets;
  asio::steady_timer next_attempt;
  asio::steady_timer give_up;
  // Empty once it ran, or must not run any more.
  Done done;
};

Connector::Connector(base::Loop& loop, const std::vector<IpAddress>& addresses, uint16_t port,
                     base::SteadyTime give_up, Done done)
    : state_(std::make_shared<State>(loop, addresses, port, std::move(done))) {
  state_->Start(give_up);
}

Connector::~Connector() { state_->Cancel(); }

}  // namespace gatehouse::service::delivery
