#ifndef GATEHOUSE_RPC_LISTENER_BYTE_STREAM_H_
#define GATEHOUSE_RPC_LISTENER_BYTE_STREAM_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/loop.h"
#include "base/ip_address.h"

namespace gatehouse::rpc {

struct ClientCertificate;
class TlsSession;

// Memory that the connections of a loop share, since only one of them reads or writes at a time.
struct IoScratch {
  // What is taken from a connection before others have their turn: some thousand frames, if they
  // are as small as can be, and a millisecond of work.
  static constexpr size_t kInputBytes = size_t{16} << 10;

  std::vector<char> input = std::vector<char>(kInputBytes);
  // What TLS made of it.
  std::string plain = {};
  std::string output = {};
};

// The bytes of one accepted connection, plain or over TLS. Thread: the loop's.
class ByteStream {
 public:
  class Owner {
   public:
    // What came; gone when this returns.
    virtual void OnBytes(std::string_view bytes) = 0;
    // Everything that was written has left.
    virtual void OnSent() = 0;
    // Before the first OnBytes, where a proxy has said so: whose connection it is. nullopt: what it
    // said is malformed. False: the connection is not wanted.
    virtual bool OnProxyHeader(const std::optional<base::IpAddress>& client) {
      return client.has_value();
    }
    // The client closed or broke the connection, or TLS failed: nothing more will come, and
    // nothing written gets through.
    virtual void OnGone() = 0;

   protected:
    ~Owner() = default;
  };

  // Takes the descriptor, a connected TCP socket. `tls` null: plain.
  ByteStream(base::Loop& loop, IoScratch& scratch, int descriptor, std::unique_ptr<TlsSession> tls);
  // Before Start: the other end is a proxy that is believed when it says whose connection it is.
  void ExpectProxyHeader();
  // Closes it.
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Before anything else. The owner may destroy the stream in any event but OnBytes.
  void Start(Owner* owner);

  // Sends all of it, now or when the socket takes it. Breaks are told later, by OnGone.
  void Write(std::string_view bytes);
  // Gives back what it holds for the next bytes, which are not expected soon.
  void Rest();

  // Of TLS; null if the client has shown none.
  const ClientCertificate* client_certificate() const;
  // Something that was written waits for the socket.
  bool unsent() const;
  // Counts what the socket took, in bytes: whoever does not read stops it.
  size_t sent_bytes() const;

  // The last word was written: tells the client, and throws away what still comes, since closing
  // a socket with unread input would take back what was just sent. OnGone when the client closes
  // its side.
  void Finish();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_LISTENER_BYTE_STREAM_H_
