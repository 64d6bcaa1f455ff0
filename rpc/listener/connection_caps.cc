#include "rpc/listener/connection_caps.h"

namespace gatehouse::rpc {

std::optional<RefusedConnection> ConnectionCaps::Take(const std::string& client) {
  const base::MutexLock lock(mutex_);
  if (taken_ >= in_all_) return RefusedConnection::kTooMany;
  const auto [it, added] = by_client_.emplace(client, 0);
  if (it->second >= per_client_) return RefusedConnection::kTooManyOfAddress;
  ++it->second;
  ++taken_;
  return std::nullopt;
}

void ConnectionCaps::Return(const std::string& client) {
  const base::MutexLock lock(mutex_);
  --taken_;
  const auto it = by_client_.find(client);
  if (--it->second == 0) by_client_.erase(it);
}

}  // namespace gatehouse::rpc
