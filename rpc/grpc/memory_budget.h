#ifndef GATEHOUSE_RPC_GRPC_MEMORY_BUDGET_H_
#define GATEHOUSE_RPC_GRPC_MEMORY_BUDGET_H_

#include <cstddef>

#include "rpc/byte_budget.h"

namespace gatehouse::rpc {

// What the messages of one connection hold, which count in the server's as well. Thread: the
// connection's loop.
class ConnectionBudget {
 public:
  ConnectionBudget(ByteBudget& total, size_t limit) : total_(total), limit_(limit) {}

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
  ByteBudget& total_;
  const size_t limit_;
  size_t used_ = 0;
};

// What one thing counts for in a budget, until this goes.
template <typename Budget>
class Charge {
 public:
  explicit Charge(Budget& budget) : budget_(budget) {}
  ~Charge() { Set(0); }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  // It has `bytes` now. False: too much is held already, and it counts as before.
  bool Set(size_t bytes) {
    if (bytes > bytes_ && !budget_.Take(bytes - bytes_)) return false;
    if (bytes < bytes_) budget_.Return(bytes_ - bytes);
    bytes_ = bytes;
    return true;
  }
  // The same where it cannot be helped, for a budget that takes it.
  void Force(size_t bytes) {
    if (bytes > bytes_) budget_.Force(bytes - bytes_);
    if (bytes < bytes_) budget_.Return(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  Budget& budget_;
  size_t bytes_ = 0;
};

// That of a message. A small one does not count: its call does (call_memory.h), and whoever fills
// the budget must not be able to stop the usual calls.
class MessageCharge {
 public:
  static constexpr size_t kFree = size_t{16} << 10;

  explicit MessageCharge(ConnectionBudget& budget) : charge_(budget) {}

  bool Set(size_t bytes) { return charge_.Set(bytes > kFree ? bytes : 0); }

 private:
  Charge<ConnectionBudget> charge_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_MEMORY_BUDGET_H_
