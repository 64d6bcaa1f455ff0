#include "rpc/listener/connection_caps.h"

namespace gatehouse::rpc {

std::optional<RefusedConnection> ConnectionCaps::TakeOf(const std::string& client,
                                                        base::SteadyTime now) {
  if (client.empty()) return std::nullopt;
  Forgive(now);
  const auto [it, added] = clients_.try_emplace(client, limits_.call_bytes_per_client);
  if (now < it->second.calm_until) return RefusedConnection::kMustCalmDown;
  if (it->second.connections >= limits_.per_client) return RefusedConnection::kTooManyOfAddress;
  ++it->second.connections;
  return std::nullopt;
}

void ConnectionCaps::ReturnOf(const std::string& client) {
  if (client.empty()) return;
  const auto it = clients_.find(client);
  if (--it->second.connections == 0 && it->second.calm_until == base::SteadyTime()) {
    clients_.erase(it);
  }
}

ByteBudget* ConnectionCaps::CallBytesOf(const std::string& client) {
  if (client.empty()) return nullptr;
  const base::MutexLock lock(mutex_);
  return &clients_.find(client)->second.call_bytes;
}

void ConnectionCaps::Forgive(base::SteadyTime now) {
  for (; !calming_.empty() && calming_.front().first <= now; calming_.pop_front()) {
    const auto it = clients_.find(calming_.front().second);
    // It has offended again since.
    if (it->second.calm_until != calming_.front().first) continue;
    it->second.calm_until = {};
    if (it->second.connections == 0) clients_.erase(it);
  }
}

std::optional<RefusedConnection> ConnectionCaps::Take(const std::string& client,
                                                      base::SteadyTime now) {
  const base::MutexLock lock(mutex_);
  if (taken_ >= limits_.in_all) return RefusedConnection::kTooMany;
  if (const auto refused = TakeOf(client, now)) return refused;
  ++taken_;
  return std::nullopt;
}

void ConnectionCaps::Return(const std::string& client) {
  const base::MutexLock lock(mutex_);
  --taken_;
  ReturnOf(client);
}

std::optional<RefusedConnection> ConnectionCaps::Place::MoveTo(const std::string& client,
                                                               base::SteadyTime now) {
  const base::MutexLock lock(caps_.mutex_);
  if (const auto refused = caps_.TakeOf(client, now)) return refused;
  caps_.ReturnOf(client_);
  client_ = client;
  call_bytes_ = client.empty() ? nullptr : &caps_.clients_.find(client)->second.call_bytes;
  return std::nullopt;
}

bool ConnectionCaps::Place::Hold(size_t bytes) {
  if (call_bytes_ != nullptr && !call_bytes_->Take(bytes)) return false;
  if (caps_.call_bytes_.Take(bytes)) return true;
  if (call_bytes_ != nullptr) call_bytes_->Return(bytes);
  return false;
}

void ConnectionCaps::Place::LetGo(size_t bytes) {
  caps_.call_bytes_.Return(bytes);
  if (call_bytes_ != nullptr) call_bytes_->Return(bytes);
}

void ConnectionCaps::Place::CalmDown(base::SteadyTime now) {
  const base::MutexLock lock(caps_.mutex_);
  if (client_.empty() || caps_.limits_.calm_down.count() == 0) return;
  const base::SteadyTime until = now + caps_.limits_.calm_down;
  base::SteadyTime& latest = caps_.clients_.find(client_)->second.calm_until;
  if (until <= latest) return;
  latest = until;
  caps_.calming_.emplace_back(until, client_);
}

}  // namespace gatehouse::rpc
