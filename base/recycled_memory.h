#ifndef GATEHOUSE_BASE_RECYCLED_MEMORY_H_
#define GATEHOUSE_BASE_RECYCLED_MEMORY_H_

#include <cstddef>

namespace gatehouse::base {

// Memory for what a thread makes and frees again and again, some kilobytes at most: the parts of a
// call, frames of coroutines. Each thread keeps blocks that were freed for the next of about the
// same size, up to 64 KiB of each size; beyond it they come from the heap. In builds with
// sanitizers all do, so that these see who uses what was freed.
//
// From any thread; a block may be freed on another than the one that took it. `bytes` is the same
// both times.
void* TakeRecycled(size_t bytes);
void GiveBackRecycled(void* block, size_t bytes) noexcept;

// A base of classes whose objects are made of it.
struct Recycled {
  static void* operator new(size_t bytes) { return TakeRecycled(bytes); }
  static void operator delete(void* block, size_t bytes) noexcept {
    GiveBackRecycled(block, bytes);
  }
};

// For containers and shared objects.
template <typename T>
struct RecyclingAllocator {
  using value_type = T;

  RecyclingAllocator() = default;
  template <typename U>
  RecyclingAllocator(const RecyclingAllocator<U>&) {}  // NOLINT: implicit, as allocators are

  T* allocate(size_t count) { return static_cast<T*>(TakeRecycled(count * sizeof(T))); }
  void deallocate(T* block, size_t count) noexcept { GiveBackRecycled(block, count * sizeof(T)); }

  friend bool operator==(const RecyclingAllocator&, const RecyclingAllocator&) { return true; }
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_RECYCLED_MEMORY_H_
