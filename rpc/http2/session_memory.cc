#include "rpc/http2/session_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "base/recycled_memory.h"

namespace gatehouse::rpc::http2 {
namespace {

// None of these returns without memory: like everywhere in the program, that ends it.

// In front of each block, since nghttp2 does not say how large one is that it frees. As aligned as
// what malloc returns.
struct alignas(std::max_align_t) Header {
  size_t bytes;
};

void* Take(size_t bytes) noexcept {
  const size_t all = sizeof(Header) + bytes;
  return new (base::TakeRecycled(all)) Header{bytes} + 1;
}

Header* HeaderOf(void* block) { return static_cast<Header*>(block) - 1; }

void GiveBack(void* block) noexcept {
  if (block == nullptr) return;
  Header* const header = HeaderOf(block);
  base::GiveBackRecycled(header, sizeof(Header) + header->bytes);
}

// Of the table, and of a page on nearly every machine. On others tables come from malloc.
constexpr size_t kPageBytes = 4096;

constexpr size_t kSlabPages = 256;
constexpr size_t kSlabBytes = kSlabPages * kPageBytes;

bool IsZero(const char* page) {
  return page[0] == 0 && std::memcmp(page, page + 1, kPageBytes - 1) == 0;
}

}  // namespace

// nghttp2's C callbacks.
struct SessionMemory::Allocator {
  static SessionMemory& ToMemory(void* user) { return *static_cast<SessionMemory*>(user); }

  static void* Malloc(size_t size, void*) { return Take(size); }

  static void Free(void* memory, void* user) {
    SessionMemory& self = ToMemory(user);
    if (memory == self.frame_.data() || self.ReturnPage(memory)) return;
    GiveBack(memory);
  }

  static void* Calloc(size_t count, size_t size, void* user) {
    SessionMemory& self = ToMemory(user);
    if (count * size == kPageBytes && std::exchange(self.page_wanted_, false)) {
      self.made_page_ = self.TakePage();
      if (self.made_page_ != nullptr) return self.made_page_;
    }
    if (size != 0 && count > (std::numeric_limits<size_t>::max() - sizeof(Header)) / size) {
      return nullptr;
    }
    return std::memset(Take(count * size), 0, count * size);
  }

  static void* Realloc(void* memory, size_t size, void* user) {
    SessionMemory& self = ToMemory(user);
    if (memory == nullptr && size == kFrameBytes && std::exchange(self.frame_wanted_, false)) {
      return self.frame_.data();
    }
    void* const larger = Take(size);
    if (memory == self.frame_.data()) {
      // Larger frames than any that is sent here: this session has its own from now on.
      std::memcpy(larger, memory, std::min(size, kFrameBytes));
    } else if (memory != nullptr) {
      std::memcpy(larger, memory, std::min(size, HeaderOf(memory)->bytes));
      GiveBack(memory);
    }
    return larger;
  }
};

SessionMemory::~SessionMemory() {
  for (char* const slab : slabs_) ::munmap(slab, kSlabBytes);
}

SessionMemory::Made SessionMemory::NewSession(const nghttp2_session_callbacks* callbacks,
                                              void* user, const nghttp2_option* option) {
  nghttp2_mem memory{.mem_user_data = this,
                     .malloc = Allocator::Malloc,
                     .free = Allocator::Free,
                     .calloc = Allocator::Calloc,
                     .realloc = Allocator::Realloc};
  frame_wanted_ = page_wanted_ = true;
  made_page_ = nullptr;
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new3(&session, callbacks, user, option, &memory);
  frame_wanted_ = page_wanted_ = false;
  return {.session = session, .page = made_page_};
}

void SessionMemory::Rest(void* page) {
  if (page != nullptr && IsZero(static_cast<char*>(page))) {
    ::madvise(page, kPageBytes, MADV_DONTNEED);
  }
}

void* SessionMemory::TakePage() {
  static const bool usual = ::sysconf(_SC_PAGESIZE) == static_cast<long>(kPageBytes);
  if (!usual) return nullptr;
  if (free_pages_.empty()) {
    void* const slab =
        ::mmap(nullptr, kSlabBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slab == MAP_FAILED) return nullptr;
    // One page of it that is used would bring many others with it.
    ::madvise(slab, kSlabBytes, MADV_NOHUGEPAGE);
    slabs_.push_back(static_cast<char*>(slab));
    for (size_t i = kSlabPages; i > 0; --i) {
      free_pages_.push_back(slabs_.back() + (i - 1) * kPageBytes);
    }
  }
  char* const page = free_pages_.back();
  free_pages_.pop_back();
  return page;
}

bool SessionMemory::ReturnPage(void* memory) {
  // Hardly anything else has such an address.
  if (memory == nullptr || reinterpret_cast<uintptr_t>(memory) % kPageBytes != 0) return false;
  char* const page = static_cast<char*>(memory);
  const bool known = std::ranges::any_of(
      slabs_, [&](const char* slab) { return page >= slab && page < slab + kSlabBytes; });
  if (!known) return false;
  // It is zeros again.
  if (::madvise(page, kPageBytes, MADV_DONTNEED) != 0) std::memset(page, 0, kPageBytes);
  free_pages_.push_back(page);
  return true;
}

}  // namespace gatehouse::rpc::http2
