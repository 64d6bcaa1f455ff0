#include "rpc/http2/session_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "base/recycled_memory.h"

namespace gatehouse::rpc::http2 {
namespace {

// None of these returns without memory: like everywhere in the program, that ends it.

// In front of each block, since nghttp2 does not say how large one is that it frees. As aligned as
// what malloc returns.
struct alignas(std::max_align_t) Header {
  size_t bytes;
};

void* Allocate(size_t bytes, void*) noexcept {
  const size_t all = sizeof(Header) + bytes;
  return new (base::TakeRecycled(all)) Header{bytes} + 1;
}

void Free(void* block, void*) noexcept {
  if (block == nullptr) return;
  Header* const header = static_cast<Header*>(block) - 1;
  base::GiveBackRecycled(header, sizeof(Header) + header->bytes);
}

void* AllocateZeroed(size_t count, size_t size, void*) noexcept {
  if (size != 0 && count > (std::numeric_limits<size_t>::max() - sizeof(Header)) / size) {
    return nullptr;
  }
  void* const block = Allocate(count * size, nullptr);
  std::memset(block, 0, count * size);
  return block;
}

void* Reallocate(void* old, size_t bytes, void*) noexcept {
  void* const block = Allocate(bytes, nullptr);
  if (old != nullptr) {
    std::memcpy(block, old, std::min(bytes, (static_cast<Header*>(old) - 1)->bytes));
    Free(old, nullptr);
  }
  return block;
}

}  // namespace

nghttp2_mem SessionMemory() {
  return {.mem_user_data = nullptr,
          .malloc = Allocate,
          .free = Free,
          .calloc = AllocateZeroed,
          .realloc = Reallocate};
}

}  // namespace gatehouse::rpc::http2
