#ifndef GATEHOUSE_TESTS_FUZZ_MEMORY_BYTE_STREAM_H_
#define GATEHOUSE_TESTS_FUZZ_MEMORY_BYTE_STREAM_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/async/loop.h"
#include "rpc/listener/byte_stream.h"

namespace gatehouse::fuzz {

// The client's end of a ByteStream without a socket.
class Wire {
 public:
  // All of these do nothing once the server let go of it.
  void Send(std::string_view bytes);
  // The client takes nothing until it is open again.
  void Block() { blocked_ = true; }
  void Unblock();
  void Close();

  bool closed() const { return owner_ == nullptr; }
  // The server has said its last word.
  bool finished() const { return finished_; }

 private:
  friend class rpc::ByteStream;

  void Take(std::string_view bytes);
  void CheckFrames(std::string_view bytes);

  rpc::ByteStream::Owner* owner_ = nullptr;
  bool blocked_ = false;
  bool finished_ = false;
  std::string unsent_;
  size_t sent_ = 0;
  // Of the frame that is being received: what is still to come of its header and payload.
  std::string header_;
  size_t payload_left_ = 0;
};

// Both ends of a new one.
struct Ends {
  std::unique_ptr<rpc::ByteStream> server;
  std::shared_ptr<Wire> client;
};
Ends MakeConnection(base::Loop& loop, rpc::IoScratch& scratch);

}  // namespace gatehouse::fuzz

#endif  // GATEHOUSE_TESTS_FUZZ_MEMORY_BYTE_STREAM_H_
