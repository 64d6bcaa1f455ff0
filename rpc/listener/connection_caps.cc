#include "rpc/listener/connection_caps.h"

namespace gatehouse::rpc {

bool ConnectionCaps::TakeOf(const std::string& client) {
  if (client.empty()) return true;
  const auto [it, added] = by_client_.emplace(client, 0);
  if (it->second >= per_client_) return false;
  ++it->second;
  return true;
}

void ConnectionCaps::ReturnOf(const std::string& client) {
  if (client.empty()) return;
  const auto it = by_client_.find(client);
  if (--it->second == 0) by_client_.erase(it);
}

std::optional<RefusedConnection> ConnectionCaps::Take(const std::string& client) {
  const base::MutexLock lock(mutex_);
  if (taken_ >= in_all_) return RefusedConnection::kTooMany;
  if (!TakeOf(client)) return RefusedConnection::kTooManyOfAddress;
  ++taken_;
  return std::nullopt;
}

void ConnectionCaps::Return(const std::string& client) {
  const base::MutexLock lock(mutex_);
  --taken_;
  ReturnOf(client);
}

bool ConnectionCaps::Place::MoveTo(const std::string& client) {
  const base::MutexLock lock(caps_.mutex_);
  if (!caps_.TakeOf(client)) return false;
  caps_.ReturnOf(client_);
  client_ = client;
  return true;
}

}  // namespace gatehouse::rpc
