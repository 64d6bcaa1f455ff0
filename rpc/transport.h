#ifndef GATEHOUSE_RPC_TRANSPORT_H_
#define GATEHOUSE_RPC_TRANSPORT_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/ip_address.h"
#include "rpc/chain/client_certificate.h"
#include "rpc/status_mapping.h"

namespace google::protobuf {
class Message;
}

namespace gatehouse::rpc {

// What happens to a call on the wire, told on the call's Loop.
class CallEvents {
 public:
  // A Read or Write is over; false: the stream is.
  virtual void OnRead(bool ok) = 0;
  virtual void OnWrite(bool ok) = 0;
  // The client cannot get an answer any more: it cancelled, its deadline
  // passed or its connection broke. Only before the status was sent.
  virtual void OnCancelled() = 0;
  // The transport is about to delete itself, and so must the receiver: nothing
  // more will happen. Comes once, after Finish.
  virtual void OnReleased() = 0;

 protected:
  ~CallEvents() = default;
};

// The gRPC side of one call: what the transport lets the rest of the server do
// with it, without gRPC's headers. Deletes itself once Finish was called and
// everything under way has come back. Thread: the call's Loop.
class CallTransport {
 public:
  // Where events go; set before anything else is called.
  virtual void SetEvents(CallEvents* events) = 0;

  // What the client asked with: kept until Finish.
  virtual std::string_view method() const = 0;
  virtual std::optional<std::string_view> Metadata(std::string_view name) const = 0;
  // The caller's address; nullopt if it has none.
  virtual std::optional<base::IpAddress> peer() const = 0;
  virtual const ClientCertificate* client_certificate() const { return nullptr; }
  virtual std::optional<std::chrono::nanoseconds> ClientTimeLeft() const = 0;
  // Metadata of the answer: before its first message, and with its status. Those of the first kind
  // come too late once something was written.
  virtual void AddHeader(std::string_view name, std::string_view value) = 0;
  virtual void AddTrailer(std::string_view name, std::string_view value) = 0;

  // One Read and one Write may be under way at a time.
  virtual void Read() = 0;
  // What is wrong with the message of the last OnRead(true), if the transport found something:
  // there is none then, and none will follow.
  virtual absl::Status ReadStatus() const { return absl::OkStatus(); }
  // Of the message that arrived with the last OnRead(true), or will with the next one, if it is
  // there already; else 0. Of one that is compressed: what it says of itself.
  virtual size_t ReadSize() const = 0;
  virtual bool ParseRead(google::protobuf::Message& message) = 0;
  virtual void Write(const google::protobuf::Message& message) = 0;

  // Keeps a message to send with an OK status.
  virtual void SetResponse(const google::protobuf::Message& message) = 0;
  // The same of a message that is serialised already.
  virtual void SetEncodedResponse(std::string_view bytes) = 0;
  // Ends the call. Exactly once; no Read or Write after it.
  virtual void Finish(const WireStatus& status) = 0;
  // Breaks the stream off: what is under way comes back, nothing more is sent.
  virtual void Abort() = 0;

 protected:
  ~CallTransport() = default;
};

// What a transport has to know of a method before it hands over a call of it.
struct CallShape {
  // There is one request message, and the call is handed over when it is whole: until then it
  // holds nothing.
  bool single_request = false;
  // The same of the first message of several.
  bool client_speaks_first = false;
  size_t max_message_bytes = 0;
  // The answer is a page of a list.
  bool is_list = false;
};

// Takes new calls. One per loop; thread: that loop.
class CallAcceptor {
 public:
  virtual CallShape Shape(std::string_view method) const = 0;
  virtual void OnCall(CallTransport& transport) = 0;

 protected:
  ~CallAcceptor() = default;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_TRANSPORT_H_
