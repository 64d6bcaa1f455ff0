#include "base/recycled_memory.h"

#include <array>
#include <new>

namespace gatehouse::base {
namespace {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kRecycles = false;
#else
constexpr bool kRecycles = true;
#endif

constexpr size_t kStep = 64;
constexpr size_t kLargest = size_t{4} << 10;
constexpr size_t kKeptBytes = size_t{64} << 10;

// A block that nobody uses holds the way to the next.
struct Free {
  Free* next;
};

struct Shelf {
  Free* first = nullptr;
  size_t count = 0;
};

// Of blocks of 64 bytes, 128, and so on. Needs no destruction: whatever is freed at the very end of
// a thread still finds it.
thread_local std::array<Shelf, kLargest / kStep> shelves;
thread_local bool closed = false;

// Gives everything back at the end of its thread.
struct Closer {
  ~Closer() {
    closed = true;
    for (Shelf& shelf : shelves) {
      while (Free* const block = shelf.first) {
        shelf.first = block->next;
        ::operator delete(block);
      }
    }
  }
};

constexpr size_t ShelfOf(size_t bytes) { return bytes == 0 ? 0 : (bytes - 1) / kStep; }

}  // namespace

void* TakeRecycled(size_t bytes) {
  if (!kRecycles || bytes > kLargest) return ::operator new(bytes);
  Shelf& shelf = shelves[ShelfOf(bytes)];
  if (Free* const block = shelf.first) {
    shelf.first = block->next;
    --shelf.count;
    return block;
  }
  return ::operator new((ShelfOf(bytes) + 1) * kStep);
}

void GiveBackRecycled(void* block, size_t bytes) noexcept {
  if (kRecycles && bytes <= kLargest && !closed) {
    static thread_local const Closer closer;
    Shelf& shelf = shelves[ShelfOf(bytes)];
    if (shelf.count < kKeptBytes / ((ShelfOf(bytes) + 1) * kStep)) {
      shelf.first = new (block) Free{shelf.first};
      ++shelf.count;
      return;
    }
  }
  ::operator delete(block);
}

}  // namespace gatehouse::base
