#ifndef GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_
#define GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_

#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "rpc/transport_metrics.h"

namespace gatehouse::rpc {

// How many connections there may be, in all and from one client. Thread-safe.
class ConnectionCaps {
 public:
  ConnectionCaps(int in_all, int per_client) : in_all_(in_all), per_client_(per_client) {}

  // Counts one more of `client`, unless that is too many.
  std::optional<RefusedConnection> Take(const std::string& client);
  void Return(const std::string& client);

 private:
  const int in_all_;
  const int per_client_;
  base::Mutex mutex_;
  int taken_ GH_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, int> by_client_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_LISTENER_CONNECTION_CAPS_H_
