#ifndef GATEHOUSE_RPC_HTTP2_STREAM_H_
#define GATEHOUSE_RPC_HTTP2_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "rpc/http2/header_list.h"

namespace gatehouse::rpc::http2 {

class Connection;

struct Field {
  std::string_view name;
  std::string_view value;
  // Not worth a place in HPACK's table: another one comes with every answer.
  bool unique = false;
};

// One request and its answer: the base of what the layer above makes of it. Made when the first
// of a request's headers comes, by Connection::Owner. Thread: the connection's loop.
//
// Belongs to the layer above: the connection lets go of it with OnClosed, and then it is free to
// delete itself.
class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

 protected:
  explicit Stream(Connection& connection) : connection_(&connection) {}
  ~Stream() = default;

  // Some of the headers are there, and the rest has not come yet.
  virtual void OnPartOfHeaders() {}
  // The headers are there. They may be too large, and then are not.
  virtual void OnRequest() = 0;
  // A part of the body. It counts against what the client may send until Consume.
  virtual void OnData(std::string_view bytes) = 0;
  // The request is whole.
  virtual void OnRequestEnd() = 0;
  // The stream is no more: it ended, was reset, or its connection is gone. `clean`: both sides
  // had ended it.
  virtual void OnClosed(bool clean) = 0;
  // Now and then, for timeouts.
  virtual void OnTick(base::SteadyTime now) = 0;

  // What the body of the answer has to send now, and whether that is all of it.
  virtual size_t BodyBytes() const = 0;
  virtual bool BodyEnds() const = 0;
  // Appends the next `bytes` of it.
  virtual void TakeBody(size_t bytes, std::string& output) = 0;
  // Called when the end of the body was taken. True: SendTrailers was called, to end the answer.
  virtual bool OnBodyEnd() = 0;

  // Null once the stream is closed.
  Connection* connection() const { return connection_; }
  bool open() const { return connection_ != nullptr; }
  int32_t id() const { return id_; }
  const HeaderList& headers() const { return headers_; }
  void DropHeaders() { headers_.Clear(); }

  // All of these do nothing on a closed stream.
  //
  // An answer of headers alone.
  void SendHeadersOnly(std::span<const Field> fields);
  // The headers of an answer with a body. Its bytes are asked for by and by.
  void SendHeaders(std::span<const Field> fields);
  // The body has something to send again, or has ended.
  void ResumeBody();
  void SendTrailers(std::span<const Field> fields);
  // Ends it at once, without OnClosed.
  void Reset(uint32_t error_code);
  // What was in OnData is done with: the client may send as much again.
  void Consume(size_t bytes);

 private:
  friend class Connection;

  Connection* connection_;
  int32_t id_ = 0;
  size_t unconsumed_ = 0;
  // Nothing more is pulled from the body until ResumeBody.
  bool body_waits_ = false;
  HeaderList headers_;
  // The connection's list of open streams.
  Stream* previous_ = nullptr;
  Stream* next_ = nullptr;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_STREAM_H_
