#ifndef GATEHOUSE_RPC_BYTE_BUDGET_H_
#define GATEHOUSE_RPC_BYTE_BUDGET_H_

#include <atomic>
#include <cstddef>

namespace gatehouse::rpc {

// So many bytes, which those who share it hold together. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(size_t limit) : limit_(limit) {}

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

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_BYTE_BUDGET_H_
