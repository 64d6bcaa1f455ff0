// Counts what a program allocates, for the figure "allocations_per_call". Put before the C library
// by LD_PRELOAD: every allocation goes on to glibc and adds one to the 8 bytes at the beginning of
// the file that ALLOCATION_COUNTER names, where another process reads them.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

// glibc's own names for its functions: looking the usual ones up would allocate.
extern "C" {
void* __libc_malloc(size_t size);                      // NOLINT
void* __libc_calloc(size_t count, size_t size);        // NOLINT
void* __libc_realloc(void* old, size_t size);          // NOLINT
void* __libc_memalign(size_t alignment, size_t size);  // NOLINT
}

namespace {

std::atomic<uint64_t> nowhere;
std::atomic<uint64_t>* counter = &nowhere;

void Count() { counter->fetch_add(1, std::memory_order_relaxed); }

__attribute__((constructor)) void Map() {
  const char* const path = std::getenv("ALLOCATION_COUNTER");
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* const mapped = mmap(nullptr, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) counter = static_cast<std::atomic<uint64_t>*>(mapped);
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  Count();
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  Count();
  return __libc_calloc(count, size);
}

void* realloc(void* old, size_t size) {
  Count();
  return __libc_realloc(old, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  Count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** made, size_t alignment, size_t size) {
  Count();
  *made = __libc_memalign(alignment, size);
  return *made == nullptr ? ENOMEM : 0;
}

}  // extern "C"
