#ifndef GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_
#define GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/async/mutex.h"
#include "rpc/transport_metrics.h"

namespace gatehouse::rpc {

// How many connections there may be, in all and from one client. Thread-safe; outlives the places
// it gives.
class ConnectionCaps {
 public:
  // What one connection counts for, until this goes.
  class Place {
   public:
    Place(ConnectionCaps& caps, std::string client) : caps_(caps), client_(std::move(client)) {}
    ~Place() { caps_.Return(client_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Counts for another client from now on; false: that has too many, and it counts as before.
    bool MoveTo(const std::string& client);

   private:
    ConnectionCaps& caps_;
    std::string client_;
  };

  ConnectionCaps(int in_all, int per_client) : in_all_(in_all), per_client_(per_client) {}

  // Counts one more of `client` (empty: of nobody, only in all), unless that is too many.
  std::optional<RefusedConnection> Take(const std::string& client) GH_EXCLUDES(mutex_);

 private:
  void Return(const std::string& client) GH_EXCLUDES(mutex_);
  bool TakeOf(const std::string& client) GH_REQUIRES(mutex_);
  void ReturnOf(const std::string& client) GH_REQUIRES(mutex_);

  const int in_all_;
  const int per_client_;
  base::Mutex mutex_;
  int taken_ GH_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, int> by_client_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_
