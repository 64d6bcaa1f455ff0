#ifndef GATEHOUSE_RPC_GRPC_MESSAGE_READER_H_
#define GATEHOUSE_RPC_GRPC_MESSAGE_READER_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/grpc/memory_budget.h"

namespace gatehouse::rpc {

// Cuts the body of a request into messages, one at a time: what follows one that was not taken
// yet waits, and its client, since it is not consumed. A length over the limit is an error before
// any of its bytes are kept; one that is compressed stays so until somebody wants it.
class MessageReader {
 public:
  enum class Encoding { kIdentity, kGzip, kUnknown };

  explicit MessageReader(ConnectionBudget& budget) : charge_(budget) {}

  // Before the first byte.
  void SetUp(size_t limit, Encoding encoding) {
    limit_ = limit;
    encoding_ = encoding;
  }

  // The next bytes of the body. Returns how many bytes, of these or earlier ones, are done with.
  size_t Feed(std::string_view bytes);
  // There are no more.
  void End();
  // Breaks off what is not complete.
  void Fail(absl::Status status);
  // Nothing is wanted any more.
  void Drop();

  // There is a message, or an error in its place, which is the last thing then.
  bool ready() const { return ready_; }
  const absl::Status& status() const { return status_; }
  // Of the message that is there: how large it is, once it is inflated.
  size_t size() const;
  // Makes it what its client has compressed, if that is so, or an error in its place. For whoever
  // reads it: until then a stranger's message costs no more than its bytes.
  void Inflate();
  std::string_view message() const { return message_; }
  // Drops it. Returns what Feed does.
  size_t Next();

  // What it takes of memory.
  size_t held_bytes() const { return message_.capacity() + backlog_.capacity(); }

  // Something came after the message that is there.
  bool has_more() const { return !backlog_.empty(); }
  // A message has begun and is not complete.
  bool partial() const { return !ready_ && prefix_bytes_ > 0; }
  // What has come of the message that is there or has begun.
  size_t received_bytes() const { return prefix_bytes_ + message_.size(); }
  // Nothing will be ready any more.
  bool at_end() const { return ended_ && !ready_; }

 private:
  static constexpr size_t kPrefixBytes = 5;

  size_t Parse(std::string_view bytes);
  void OnPrefix();
  void Append(std::string_view bytes);

  size_t limit_ = 0;
  Encoding encoding_ = Encoding::kIdentity;
  std::array<unsigned char, kPrefixBytes> prefix_;
  size_t prefix_bytes_ = 0;
  size_t length_ = 0;
  bool ready_ = false;
  bool compressed_ = false;
  bool ended_ = false;
  std::string message_;
  std::string backlog_;
  absl::Status status_;
  MessageCharge charge_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_MESSAGE_READER_H_
