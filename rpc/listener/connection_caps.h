#ifndef GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_
#define GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/async/mutex.h"
#include "base/time.h"
#include "rpc/byte_budget.h"
#include "rpc/transport_metrics.h"

namespace gatehouse::rpc {

// How many connections there may be, in all and from one client, what memory their calls may hold,
// and how long a client gets no new one after one of its own was closed for what it sent: otherwise
// each would begin with all that is allowed at once. Thread-safe; outlives the places it gives.
class ConnectionCaps {
 public:
  struct Limits {
    int in_all;
    int per_client;
    // Zero: it may come back at once.
    std::chrono::milliseconds calm_down;
    size_t call_bytes_per_client;
  };

  // What one connection counts for, until this goes.
  class Place {
   public:
    // After Take of the same client.
    Place(ConnectionCaps& caps, std::string client)
        : caps_(caps), client_(std::move(client)), call_bytes_(caps_.CallBytesOf(client_)) {}
    ~Place() { caps_.Return(client_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Counts for another client from now on. Before anything is held. Why not: it counts as before.
    std::optional<RefusedConnection> MoveTo(const std::string& client, base::SteadyTime now);
    // The connection's calls hold so much more memory. False: that is too much of its client, or in
    // all, and it counts as before. Without a lock.
    bool Hold(size_t bytes);
    // So much less. Before this goes all of it is let go.
    void LetGo(size_t bytes);
    // The connection is closed for what its client sent.
    void CalmDown(base::SteadyTime now);

   private:
    ConnectionCaps& caps_;
    std::string client_;
    // Of its client, which lives as long as that has connections. Null: of nobody's.
    ByteBudget* call_bytes_;
  };

  // `call_bytes`: of all clients.
  ConnectionCaps(Limits limits, ByteBudget& call_bytes)
      : limits_(limits), call_bytes_(call_bytes) {}

  // Counts one more of `client` (empty: of nobody, only in all), unless that is too many. `now`
  // does not go back.
  std::optional<RefusedConnection> Take(const std::string& client, base::SteadyTime now)
      GH_EXCLUDES(mutex_);

 private:
  struct Client {
    explicit Client(size_t most_call_bytes) : call_bytes(most_call_bytes) {}

    int connections = 0;
    base::SteadyTime calm_until = {};
    ByteBudget call_bytes;
  };

  void Return(const std::string& client) GH_EXCLUDES(mutex_);
  std::optional<RefusedConnection> TakeOf(const std::string& client, base::SteadyTime now)
      GH_REQUIRES(mutex_);
  void ReturnOf(const std::string& client) GH_REQUIRES(mutex_);
  // Of a client that has a connection.
  ByteBudget* CallBytesOf(const std::string& client) GH_EXCLUDES(mutex_);
  // Forgets those whose time is over.
  void Forgive(base::SteadyTime now) GH_REQUIRES(mutex_);

  const Limits limits_;
  ByteBudget& call_bytes_;
  base::Mutex mutex_;
  int taken_ GH_GUARDED_BY(mutex_) = 0;
  // Those with connections, and those in `calming_`.
  std::unordered_map<std::string, Client> clients_ GH_GUARDED_BY(mutex_);
  // Until when and who, in the order of time.
  std::deque<std::pair<base::SteadyTime, std::string>> calming_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_
