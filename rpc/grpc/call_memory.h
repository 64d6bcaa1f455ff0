#ifndef GATEHOUSE_RPC_GRPC_CALL_MEMORY_H_
#define GATEHOUSE_RPC_GRPC_CALL_MEMORY_H_

#include <algorithm>
#include <cstddef>

#include "rpc/listener/connection_caps.h"

namespace gatehouse::rpc {

// What the open calls of one connection hold beside large messages: themselves, their headers,
// requests that are not whole, and small answers that nobody has read. It counts for the
// connection's client and in all: nobody knows yet who calls, and calls that nobody has looked at
// must not fill the memory.
//
// The first bytes of each connection are free: so the usual calls find room whoever has filled the
// rest, and do not touch what all loops share. The others are taken in steps. Thread: the
// connection's loop.
class CallMemory {
 public:
  static constexpr size_t kFree = size_t{32} << 10;

  // `place` lives until Close.
  explicit CallMemory(ConnectionCaps::Place& place) : place_(&place) {}
  ~CallMemory() { Close(); }
  CallMemory(const CallMemory&) = delete;
  CallMemory& operator=(const CallMemory&) = delete;

  // False: there is no room for it.
  bool Take(size_t bytes) {
    if (held_ + bytes > kFree + reserved_ && !Reserve(held_ + bytes - kFree)) return false;
    held_ += bytes;
    return true;
  }
  // What is held all the same: for as long as there is no room for it there is none for more.
  void Force(size_t bytes) {
    held_ += bytes;
    if (held_ > kFree + reserved_) Reserve(held_ - kFree);
  }
  void Return(size_t bytes) {
    held_ -= bytes;
    const size_t needed = held_ > kFree ? held_ - kFree : 0;
    // At once where it is all: idle connections reserve nothing.
    if (reserved_ > 0 && (needed == 0 || reserved_ > 2 * needed + kStep)) {
      place_->LetGo(reserved_ - needed);
      reserved_ = needed;
    }
  }

  // The connection is gone. What is left of its calls is bound by how many of them may run.
  void Close() {
    if (place_ != nullptr && reserved_ > 0) place_->LetGo(reserved_);
    reserved_ = 0;
    place_ = nullptr;
  }

 private:
  static constexpr size_t kStep = size_t{32} << 10;

  // Has `needed` bytes reserved, and some for the next calls.
  bool Reserve(size_t needed) {
    if (place_ == nullptr) return true;
    const size_t more = std::max(needed - reserved_, kStep);
    if (!place_->Hold(more)) return false;
    reserved_ += more;
    return true;
  }

  ConnectionCaps::Place* place_;
  size_t held_ = 0;
  size_t reserved_ = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_CALL_MEMORY_H_
