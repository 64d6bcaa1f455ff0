#ifndef GATEHOUSE_RPC_GRPC_STREAM_CALL_H_
#define GATEHOUSE_RPC_GRPC_STREAM_CALL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/recycled_memory.h"
#include "base/time.h"
#include "rpc/grpc/call_memory.h"
#include "rpc/grpc/connection_group.h"
#include "rpc/grpc/memory_budget.h"
#include "rpc/grpc/message_reader.h"
#include "rpc/http2/stream.h"
#include "rpc/http2/turn.h"
#include "rpc/transport.h"

namespace gatehouse::rpc {

// One gRPC call over an HTTP/2 stream. Owns itself: made when a stream begins, deleted when that
// is closed and, if the call was handed over, it is finished too.
//
// A call that is no gRPC, or whose request does not become complete, is answered here and never
// handed over. Thread: the group's loop.
class StreamCall final : public base::Recycled,
                         public CallTransport,
                         public http2::Stream,
                         private http2::Turn::Job {
 public:
  explicit StreamCall(GrpcConnection& home);

  // CallTransport
  void SetEvents(CallEvents* events) override { events_ = events; }
  std::string_view method() const override { return method_; }
  std::optional<std::string_view> Metadata(std::string_view name) const override;
  std::optional<base::IpAddress> peer() const override {
    return forwarded_for_ ? forwarded_for_ : home_.peer();
  }
  const ClientCertificate* client_certificate() const override {
    return home_.http2().client_certificate();
  }
  std::optional<std::chrono::nanoseconds> ClientTimeLeft() const override;
  void AddHeader(std::string_view name, std::string_view value) override;
  void AddTrailer(std::string_view name, std::string_view value) override;
  void Read() override;
  absl::Status ReadStatus() const override { return reader_.status(); }
  size_t ReadSize() const override { return reader_.ready() ? reader_.size() : 0; }
  bool ParseRead(google::protobuf::Message& message) override;
  void Write(const google::protobuf::Message& message) override;
  void SetResponse(const google::protobuf::Message& message) override;
  void SetEncodedResponse(std::string_view bytes) override;
  void Finish(const WireStatus& status) override;
  void Abort() override;

 private:
  template <typename T>
  using Recycling = std::vector<T, base::RecyclingAllocator<T>>;
  using MetadataList = Recycling<std::pair<std::string, std::string>>;

  // The message that is being sent, with its prefix.
  struct Output {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
    size_t taken = 0;
  };

  ~StreamCall();

  // http2::Stream
  void OnPartOfHeaders() override;
  void OnRequest() override;
  void OnData(std::string_view bytes) override;
  void OnRequestEnd() override;
  void OnClosed(bool clean) override;
  void OnTick(base::SteadyTime now) override;
  size_t BodyBytes() const override { return output_.size - output_.taken; }
  bool BodyEnds() const override { return status_.has_value(); }
  void TakeBody(size_t bytes, std::string& output) override;
  bool OnBodyEnd() override;

  // Turn::Job: tells what has happened.
  void RunJob() override;
  bool TellOne();

  void ReadForwardedFor();
  bool ReadHeader(std::string_view name, std::string_view value);
  void HandOver();
  // What the call holds now; and whether there is room for it.
  size_t HeldBytes() const;
  bool FindRoom() { return memory_.Set(HeldBytes()); }
  // Ends a call that is not handed over.
  void RefuseHttp();
  void Refuse(RefusedCall reason, const absl::Status& status);
  void RefuseWithoutRoom();
  // It is answered, and holds nothing but itself and its answer from now on.
  void DropRequest();
  // The request, or what has begun of its next message, does not come as fast as it has to.
  bool IsLate(base::SteadyTime now) const;
  // The client takes nothing of the answer, or sends nothing though its next message is waited for.
  bool IsUnread(base::SteadyTime now) const;
  bool IsSilent(base::SteadyTime now) const;
  // Ends the stream, at the client as well, without a status.
  void BreakOff(uint32_t error_code);
  bool Serialise(const google::protobuf::Message& message);
  uint8_t* MakeOutput(size_t length);
  static void Append(const MetadataList& metadata, Recycling<http2::Field>& fields);
  // Of the message that was serialised: whether it shall be smaller on the wire, and makes it so if
  // it can be.
  bool WantsGzip() const;
  void Compress();
  void SendStatus();
  void SendResponseHeaders();

  GrpcConnection& home_;
  CallEvents* events_ = nullptr;
  std::string_view method_;
  // Whom a proxy passes it on for.
  std::optional<base::IpAddress> forwarded_for_;
  // Set for a request that is no gRPC's: what it is answered with.
  std::string_view http_status_;
  CallShape shape_;
  std::optional<base::SteadyTime> deadline_;
  const base::SteadyTime began_;
  base::SteadyTime last_data_;
  // When it was last seen that the client took something of the answer, or that there was something
  // to take; and whether that happened since.
  base::SteadyTime last_output_;
  bool output_moved_ = false;
  MessageReader reader_;
  MessageReader::Encoding encoding_ = MessageReader::Encoding::kIdentity;
  // Decoded, where the name ends in -bin.
  Recycling<std::pair<std::string_view, std::string>> binary_;
  MetadataList answer_headers_;
  MetadataList trailers_;
  Output output_;
  MessageCharge output_charge_;
  Charge<CallMemory> memory_;
  // Set by Finish: the body ends with it.
  std::optional<WireStatus> status_;

  // Its headers come; then the rest of its request; and then it is handed over, or refused.
  enum class Phase { kBeginning, kArriving, kHandingOver, kRunning, kRefused };
  Phase phase_ = Phase::kBeginning;
  bool is_grpc_ = false;
  bool closed_ = false;
  bool cancelled_ = false;
  bool headers_sent_ = false;
  bool has_response_ = false;
  bool compressed_ = false;
  bool overloaded_ = false;
  bool reading_ = false;
  // The message that is there was told of.
  bool message_told_ = false;
  bool writing_ = false;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_STREAM_CALL_H_
