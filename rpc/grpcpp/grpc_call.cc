#include "rpc/grpcpp/grpc_call.h"

#include <grpc/support/time.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <iterator>

#include "rpc/peer.h"

namespace gatehouse::rpc {
namespace {

std::string_view ToView(grpc::string_ref text) { return {text.data(), text.size()}; }

grpc::string_ref ToRef(std::string_view text) { return {text.data(), text.size()}; }

grpc::Status ToGrpc(const WireStatus& status) {
  if (status.code == 0) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code), status.message, status.details);
}

grpc::ByteBuffer Serialise(const google::protobuf::Message& message) {
  grpc::ByteBuffer buffer;
  bool own_buffer;
  // Fails only for messages over 2 GiB, which no handler makes.
  (void)grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(message, &buffer,
                                                                                   &own_buffer);
  return buffer;
}

}  // namespace

void GrpcCall::Accept(QueueStation& station) {
  auto* call = new GrpcCall(station);
  call->context_.AsyncNotifyWhenDone(&call->done_tag_);
  station.service->RequestCall(&call->context_, &call->stream_, station.queue.get(),
                               station.queue.get(), &call->accept_tag_);
}

std::optional<std::string_view> GrpcCall::Metadata(std::string_view name) const {
  const auto [first, last] = context_.client_metadata().equal_range(ToRef(name));
  if (first == last || std::next(first) != last) return std::nullopt;
  return ToView(first->second);
}

std::optional<std::chrono::nanoseconds> GrpcCall::ClientTimeLeft() const {
  const gpr_timespec deadline = context_.raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return std::nullopt;
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  return std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
}

std::optional<base::IpAddress> GrpcCall::peer() const {
  const std::optional<base::IpAddress> address = base::IpAddress::Parse(PeerIp(context_.peer()));
  if (!address) return std::nullopt;
  return address->Unmapped();
}

void GrpcCall::AddHeader(std::string_view name, std::string_view value) {
  context_.AddInitialMetadata(std::string(name), std::string(value));
}

void GrpcCall::AddTrailer(std::string_view name, std::string_view value) {
  context_.AddTrailingMetadata(std::string(name), std::string(value));
}

// Starts an operation and looks whether it is done already, as most are: the
// request came with its headers, the socket takes the answer. Its event then
// does not go through the queue's thread, which would have to be woken, and
// wake this one in turn.
//
// This is CompletionQueue::DoThenAsyncNext without its look into the queue, over
// which the two threads would contend.
template <typename Operation>
void GrpcCall::Issue(Operation operation) {
  grpc_completion_queue* const queue = station_.queue->cq();
  grpc_completion_queue_thread_local_cache_init(queue);
  operation();
  void* tag = nullptr;
  int result = 0;
  if (grpc_completion_queue_thread_local_cache_flush(queue, &tag, &result) != 1) return;
  bool ok = result != 0;
  if (!static_cast<grpc::internal::CompletionQueueTag*>(tag)->FinalizeResult(&tag, &ok)) return;
  station_.loop->Post([tag = static_cast<Tag*>(tag), ok] { tag->Run(ok); });
}

void GrpcCall::Read() {
  ++pending_;
  Issue([this] { stream_.Read(&read_buffer_, &read_tag_); });
}

bool GrpcCall::ParseRead(google::protobuf::Message& message) {
  return grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::Message>(&read_buffer_,
                                                                                      &message)
      .ok();
}

void GrpcCall::Write(const google::protobuf::Message& message) {
  ++pending_;
  stream_.Write(Serialise(message), &write_tag_);
}

void GrpcCall::SetResponse(const google::protobuf::Message& message) {
  response_ = Serialise(message);
  has_response_ = true;
}

void GrpcCall::Finish(const WireStatus& status) {
  finished_ = true;
  ++pending_;
  Issue([&] {
    if (has_response_ && status.code == 0) {
      stream_.WriteAndFinish(response_, grpc::WriteOptions(), grpc::Status::OK, &finish_tag_);
    } else {
      stream_.Finish(ToGrpc(status), &finish_tag_);
    }
  });
}

void GrpcCall::OnAccept(bool ok) {
  if (!ok) {
    // The server is shutting down. The done tag of a call that never was does
    // not arrive.
    delete this;
    return;
  }
  Accept(station_);
  // For the done tag.
  ++pending_;
  station_.acceptor->OnCall(*this);
}

void GrpcCall::OnDone(bool) {
  if (!finished_ && context_.IsCancelled()) events_->OnCancelled();
  Return();
}

void GrpcCall::OnRead(bool ok) {
  // After Finish nobody waits for it.
  if (!finished_) events_->OnRead(ok);
  Return();
}

void GrpcCall::OnWrite(bool ok) {
  events_->OnWrite(ok);
  Return();
}

// Failing to send a status means that the client is gone; the done tag tells.
void GrpcCall::OnFinish(bool) { Return(); }

void GrpcCall::Return() {
  if (--pending_ > 0 || !finished_) return;
  events_->OnReleased();
  delete this;
}

}  // namespace gatehouse::rpc
