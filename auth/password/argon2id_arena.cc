#include "auth/password/argon2id_arena.h"

#include <sys/mman.h>

namespace gatehouse::auth {
namespace {

// Of x86-64 and of aarch64 with pages of 4 KiB. Elsewhere it is a harmless rounding.
constexpr size_t kHugePage = 2 << 20;

constexpr size_t RoundUp(size_t number) { return (number + kHugePage - 1) / kHugePage * kHugePage; }

}  // namespace

Argon2idArena::~Argon2idArena() { Unmap(); }

void Argon2idArena::Unmap() {
  // One huge page more than is used: see Reserve.
  if (mapping_ != nullptr) munmap(mapping_, capacity_ + kHugePage);
  mapping_ = nullptr;
  memory_ = nullptr;
  capacity_ = 0;
}

uint8_t* Argon2idArena::Reserve(size_t bytes) {
  if (bytes <= capacity_) return memory_;
  Unmap();
  // Only an aligned stretch can be one huge page, so there must be room to align. What is
  // never touched takes no memory.
  const size_t capacity = RoundUp(bytes);
  void* mapping = mmap(nullptr, capacity + kHugePage, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  mapping_ = mapping;
  memory_ = reinterpret_cast<uint8_t*>(RoundUp(reinterpret_cast<uintptr_t>(mapping)));
  capacity_ = capacity;
  madvise(memory_, capacity_, MADV_HUGEPAGE);
  madvise(memory_, capacity_, MADV_DONTDUMP);
  return memory_;
}

void Argon2idArena::Release() {
  if (memory_ != nullptr) madvise(memory_, capacity_, MADV_DONTNEED);
}

}  // namespace gatehouse::auth
