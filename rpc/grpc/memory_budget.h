#ifndef GATEHOUSE_RPC_GRPC_MEMORY_BUDGET_H_
#define GATEHOUSE_RPC_GRPC_MEMORY_BUDGET_H_

#include <atomic>
#include <cstddef>

namespace gatehouse::rpc {

// What the connections of a server hold together. Thread-safe.
class TotalBudget {
 public:
  explicit TotalBudget(size_t limit) : limit_(limit) {}

  bool Take(size_t bytes) {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit_) return true;
    Return(bytes);
    return false;
  }
  void Return(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const size_t limit_;
  std::atomic<size_t> used_ = 0;
};

// The same of one connection, whose messages count in both. Thread: the connection's loop.
class ConnectionBudget {
 public:
  ConnectionBudget(TotalBudget& total, size_t limit) : total_(total), limit_(limit) {}

  bool Take(size_t bytes) {
    if (used_ + bytes > limit_ || !total_.Take(bytes)) return false;
    used_ += bytes;
    return true;
  }
  void Return(size_t bytes) {
    used_ -= bytes;
    total_.Return(bytes);
  }

 private:
  TotalBudget& total_;
  const size_t limit_;
  size_t used_ = 0;
};

// What one message counts for, for as long as it is held. A small one does not: it is bound by
// the number of streams, and whoever fills the budget must not be able to stop the usual calls.
class MessageCharge {
 public:
  explicit MessageCharge(ConnectionBudget& budget) : budget_(budget) {}
  ~MessageCharge() { Set(0); }
  MessageCharge(const MessageCharge&) = delete;
  MessageCharge& operator=(const MessageCharge&) = delete;

  // The message has `bytes` now. False: too much is held already, and it counts as before.
  bool Set(size_t bytes) {
    constexpr size_t kFree = size_t{16} << 10;
    const size_t charged = bytes > kFree ? bytes : 0;
    if (charged > charged_ && !budget_.Take(charged - charged_)) return false;
    if (charged < charged_) budget_.Return(charged_ - charged);
    charged_ = charged;
    return true;
  }

 private:
  ConnectionBudget& budget_;
  size_t charged_ = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_MEMORY_BUDGET_H_
