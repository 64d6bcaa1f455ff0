#include "rpc/listener/connection_caps.h"

namespace gatehouse::rpc {

bool ConnectionCaps::Take(const std::string& client) {
  const base::MutexLock lock(mutex_);
  if (taken_ >= in_all_) return false;
  const auto [it, added] = by_client_.emplace(client, 0);
  if (it->second >= per_client_) return false;
  ++it->second;
  ++taken_;
  return true;
}

void ConnectionCaps::Return(const std::string& client) {
  const base::MutexLock lock(mutex_);
  --taken_;
  const auto it = by_client_.find(client);
  if (--it->second == 0) by_client_.erase(it);
}

}  // namespace gatehouse::rpc
