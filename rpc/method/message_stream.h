#ifndef GATEHOUSE_RPC_METHOD_MESSAGE_STREAM_H_
#define GATEHOUSE_RPC_METHOD_MESSAGE_STREAM_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/async/task.h"

namespace google::protobuf {
class Message;
}

namespace gatehouse::rpc {

// The messages of one call, untyped; Reader and Writer below are what handlers
// use. Implemented by the call, which owns it until after the handler has
// returned. Thread: the call's Loop.
class MessageStream {
 public:
  // The answer of a unary call. Serialised at once, sent with the status; not
  // sent if the status turns out to be an error.
  virtual void SetResponse(const google::protobuf::Message& response) = 0;
  // The same of a message that is serialised already.
  virtual void SetEncodedResponse(std::string_view bytes) = 0;

  // Serialises at once; completes when the transport has sent the message and wants
  // the next. False when the stream is gone: the handler returns then.
  virtual base::Task<bool> Write(const google::protobuf::Message& message) = 0;

  // Waits for the next message of the client. False at the end of its stream,
  // when the call is cancelled, and for a message that does not parse; the last
  // also ends the call with MALFORMED_REQUEST whatever the handler returns.
  virtual base::Task<bool> Read(google::protobuf::Message* message) = 0;
  // A Read under way returns false now, and so does any after it: for a handler that ends while
  // another coroutine of it waits there.
  virtual void StopReading() = 0;

 protected:
  ~MessageStream() = default;
};

// The answer of a unary call as bytes: a message of type T that was serialised before, for those
// that are the same for many calls.
template <typename T>
struct Encoded {
  std::shared_ptr<const std::string> bytes;
};

// Sends the messages of a stream, one at a time: the handler awaits each Write,
// so a slow client slows its handler and nothing piles up. A handle: copies
// share the call, valid until the handler returns.
template <typename T>
class Writer {
 public:
  explicit Writer(MessageStream& stream) : stream_(&stream) {}

  // False when the stream is gone (cancelled, disconnected, shut down).
  base::Task<bool> Write(const T& message) { return stream_->Write(message); }

 private:
  MessageStream* stream_;
};

// Receives the messages of a client's stream. A handle like Writer. One Read
// and one Write may be under way at the same time, not two of a kind.
template <typename T>
class Reader {
 public:
  explicit Reader(MessageStream& stream) : stream_(&stream) {}

  // Fills in `message`, which must live until the task completes. False when
  // the client has finished or the call is cancelled.
  base::Task<bool> Read(T* message) { return stream_->Read(message); }
  // A Read under way returns false now, and so does any after it. Whoever awaits it goes on before
  // this returns.
  void Stop() { stream_->StopReading(); }

 private:
  MessageStream* stream_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_METHOD_MESSAGE_STREAM_H_
