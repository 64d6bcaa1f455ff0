#ifndef GATEHOUSE_RPC_HTTP2_SESSION_MEMORY_H_
#define GATEHOUSE_RPC_HTTP2_SESSION_MEMORY_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <vector>

namespace gatehouse::rpc::http2 {

// What the nghttp2 sessions of one loop allocate, so that one without requests holds little. Two
// things make up most of a session, and such a one needs neither:
//
// - The buffer in which it makes the frame that it sends. Once nghttp2_session_mem_send has
//   returned and the bytes were copied, nothing in it is of use, so all sessions share one.
// - The table of its streams, 4 KiB of zeros while it has none. It is a page of its own, which
//   takes no memory before something was written to it, and none after Rest.
//
// Everything else is recycled memory, since a session makes and frees the same few blocks for each
// request. A version of nghttp2 that allocates in another way gets its memory from there as well,
// and works, but holds more. Thread: the loop's. Outlives the sessions.
class SessionMemory {
 public:
  SessionMemory() = default;
  ~SessionMemory();
  SessionMemory(const SessionMemory&) = delete;
  SessionMemory& operator=(const SessionMemory&) = delete;

  struct Made {
    nghttp2_session* session;
    // For Rest; null if it has none.
    void* page;
  };
  // As nghttp2_session_server_new2.
  Made NewSession(const nghttp2_session_callbacks* callbacks, void* user,
                  const nghttp2_option* option);

  // Gives the page of a session back to the system if there is nothing but zeros in it, since it
  // reads the same then. It may be another's by now, for the same reason. For a session that is
  // expected to stay as it is for a while.
  static void Rest(void* page);

 private:
  struct Allocator;

  // Of a frame's header, the length of a padding, and the payload that every peer takes.
  static constexpr size_t kFrameBytes = 9 + 1 + 16384;

  // A page of zeros, or null.
  void* TakePage();
  // True if it was one.
  bool ReturnPage(void* memory);

  std::vector<char> frame_ = std::vector<char>(kFrameBytes);
  // Set while a session is made: nothing that comes later is what is looked for here, though a
  // client can see to it that something is as large.
  bool frame_wanted_ = false;
  bool page_wanted_ = false;
  void* made_page_ = nullptr;
  // Each of kSlabPages.
  std::vector<char*> slabs_;
  std::vector<char*> free_pages_;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_SESSION_MEMORY_H_
