#ifndef GATEHOUSE_RPC_HTTP2_CONNECTION_H_
#define GATEHOUSE_RPC_HTTP2_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "base/token_bucket.h"
#include "rpc/http2/data_frame_finder.h"
#include "rpc/http2/end_reason.h"
#include "rpc/http2/limits.h"
#include "rpc/http2/stream.h"
#include "rpc/http2/turn.h"
#include "rpc/listener/byte_stream.h"

struct nghttp2_rcbuf;
struct nghttp2_session;

namespace gatehouse::rpc::http2 {

class SessionMemory;

// The server's side of one HTTP/2 connection: nghttp2 between a ByteStream and the Streams of the
// layer above, and the bounds on what a client may do to it. Knows no gRPC.
//
// Whatever is wrong with one request ends that one; a connection is closed, with a GOAWAY that
// says why, where RFC 9113 demands it or a limit on the connection itself is passed.
//
// Thread: the loop's. Its owner destroys it when told that it is gone, after the current event.
class Connection final : private ByteStream::Owner, private Turn::Job {
 public:
  class Owner {
   public:
    // A request begins.
    virtual Stream& NewStream(Connection& connection) = 0;
    // Before anything else, where a proxy has said so: whose connection it is. False: it is not
    // wanted.
    virtual bool OnProxied(const base::IpAddress& client) = 0;
    // A request was sent back, since there are too many at a time.
    virtual void OnStreamRefused() = 0;
    // The server ends it, for this reason. Comes once at most, while it still exists.
    virtual void OnConnectionEnding(EndReason reason) = 0;
    // Nothing more will happen to it. Comes once.
    virtual void OnConnectionGone(Connection& connection) = 0;

   protected:
    ~Owner() = default;
  };

  Connection(Owner& owner, Turn& turn, IoScratch& scratch, SessionMemory& memory,
             const Limits& limits, std::unique_ptr<ByteStream> bytes, base::SteadyTime now);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends the server's settings and reads.
  void Start();

  // Looks at the timeouts. Several times in the shortest of them.
  void OnTick(base::SteadyTime now);

  // Tells the client to go elsewhere, lets what is under way end, and closes. A first GOAWAY lets
  // requests in that are on their way, and a final one comes once the client has seen it.
  void Drain();
  // Closes at once: open streams end.
  void Close();

  // Null if the client has shown none.
  const ClientCertificate* client_certificate() const { return bytes_->client_certificate(); }

  // Its client does not read, for now.
  bool unsent() const { return bytes_->unsent(); }
  // Tells the client to calm down, and closes. From within an event of a stream too: all of them
  // end. Returns false.
  bool CalmDown(EndReason reason, std::string_view why);

  size_t open_streams() const { return open_streams_; }
  // As of what is being handled.
  base::SteadyTime now() const { return now_; }

 private:
  friend class Stream;
  struct Callbacks;

  enum class State {
    kOpen,
    // The first GOAWAY was sent, and a PING after it: when that is answered, the client knows.
    kDraining,
    // The final one.
    kLeaving,
    // Everything was written.
    kFinishing,
    kGone,
  };

  // ByteStream::Owner
  void OnBytes(std::string_view bytes) override;
  void OnSent() override { turn_.AddOutput(*this); }
  bool OnProxyHeader(const std::optional<base::IpAddress>& client) override;
  void OnGone() override;

  // Turn::Job: sends what the session has.
  void RunJob() override;
  // False: the connection is at its end.
  bool Feed(std::string_view bytes);
  // True: there is more.
  bool FillOutput(std::string& output);

  // Events of the session; false: it must not go on.
  bool OnFrameBegin(uint8_t type, uint8_t flags, int32_t stream_id, size_t length);
  // A frame that carries nothing of a call.
  bool OnControlFrame();
  // More of a header block will follow, of this many bytes.
  bool OnHeaderBytes(size_t length);
  // Of any block, also one that nobody wants.
  bool OnHeaderDecoded(size_t length);
  // Notes whether headers have begun that are not whole.
  void FollowHeaderBlock();
  // Of a frame that needs an open stream.
  bool CheckClosedStream(int32_t stream_id);
  void OnResetSent(int32_t stream_id);
  bool OnReset();
  void OnSettings() { greeted_ = true; }
  void OnPingAnswer();
  bool OnRequestBegin(int32_t stream_id);
  void OnHeader(int32_t stream_id, nghttp2_rcbuf* name, nghttp2_rcbuf* value);
  void OnRequest(int32_t stream_id);
  void OnRequestEnd(int32_t stream_id);
  // Of any answer, and its end.
  void OnAnswerFrameSent();
  void OnGoAwaySent(uint32_t error_code);
  void OnAnswerSent(int32_t stream_id);
  void OnData(int32_t stream_id, std::string_view bytes);
  void OnStreamClosed(Stream& stream, uint32_t error_code);

  Stream* Find(int32_t stream_id) const;
  void Link(Stream& stream);
  void Unlink(Stream& stream);

  // A limit was passed, or the client's bytes are no HTTP/2: GOAWAY, and the end.
  bool Fail(EndReason reason, uint32_t error_code, std::string_view why);
  void TellEnding(EndReason reason);
  void FinalGoAway();
  void CloseWhenDone();
  void EndStreams();
  // The last bytes were written: waits for the client to close.
  void Finish();
  void SetState(State state);
  bool ended() const { return state_ >= State::kFinishing; }
  std::optional<EndReason> CauseOfDeath() const;
  void TickDrain();
  void TickKeepalive();
  // Gives memory back that a silent connection can do without.
  void TickRest();

  Owner& owner_;
  Turn& turn_;
  IoScratch& scratch_;
  const Limits& limits_;
  nghttp2_session* session_ = nullptr;
  // Of SessionMemory.
  void* session_page_ = nullptr;
  std::unique_ptr<ByteStream> bytes_;
  Stream* first_stream_ = nullptr;
  size_t open_streams_ = 0;
  int32_t last_stream_id_ = 0;
  uint32_t requests_ = 0;
  DataFrameFinder data_frames_;
  // The last streams that this side has reset, whose clients may not know yet.
  std::vector<int32_t> reset_here_;
  size_t oldest_reset_ = 0;
  // Of the header block that is being received: its bytes, those in frames since a header was
  // whole, those of its headers, and when it began.
  size_t block_bytes_ = 0;
  size_t undecoded_bytes_ = 0;
  size_t decoded_bytes_ = 0;
  uint32_t open_block_ = 0;
  base::SteadyTime block_since_ = {};
  base::TokenBucket requests_allowed_;
  base::TokenBucket resets_allowed_;
  base::TokenBucket control_frames_allowed_;
  // More of these, for what was sent.
  int control_frames_earned_ = 0;

  // As of the last input or tick: one look at the clock for many frames.
  base::SteadyTime now_;
  const base::SteadyTime started_;
  base::SteadyTime last_input_;
  base::SteadyTime last_call_;
  base::SteadyTime last_progress_;
  // When the current state began.
  base::SteadyTime state_since_;
  size_t sent_bytes_ = 0;
  base::SteadyTime pinged_at_ = {};
  std::chrono::milliseconds age_;
  bool ping_pending_ = false;
  bool greeted_ = false;
  bool ending_told_ = false;
  bool resting_ = false;
  State state_ = State::kOpen;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_CONNECTION_H_
