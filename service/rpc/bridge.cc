#include "service/rpc/bridge.h"

#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <pthread.h>

#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/status.h"

// Built without ThreadSanitizer's instrumentation: gRPC's header templates
// share state with its library, whose synchronisation TSan cannot see, and each
// call would be reported. What crosses threads here does so in Loop::Post only,
// which TSan does see.

namespace gatehouse::service::rpc {
namespace {

// Calls that may be accepted before a loop has looked at the first of them; on
// top of these gRPC queues by itself.
constexpr int kPendingAccepts = 64;

// How long the ends of calls, which only free memory, wait for another event to
// reach the loop with, after the last of them. And how many may wait.
constexpr std::chrono::milliseconds kEndsWait(5);
constexpr size_t kMaxWaitingEnds = 64;

std::string_view ToView(grpc::string_ref text) { return {text.data(), text.size()}; }

grpc::string_ref ToRef(std::string_view text) { return {text.data(), text.size()}; }

// gRPC's own log lines, from its own threads, join ours.
void LogFromGrpc(gpr_log_func_args* args) {
  base::Log(
      args->severity == GPR_LOG_SEVERITY_ERROR ? base::LogLevel::kWarning : base::LogLevel::kDebug,
      "grpc", {{"error", args->message}});
}

// Protobuf reports every malformed string it parses: callers decide how often.
void LogFromProtobuf(google::protobuf::LogLevel, const char*, int, const std::string& message) {
  base::Log(base::LogLevel::kDebug, "protobuf", {{"error", message}});
}

gpr_timespec After(std::chrono::nanoseconds time) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(time.count(), GPR_TIMESPAN));
}

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

// One completion queue, its thread, its loop.
struct QueueLane {
  base::Loop* loop;
  CallAcceptor* acceptor;
  grpc::AsyncGenericService* service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::thread thread = {};
  // GrpcCalls that exist. On the loop's thread, like the rest.
  size_t calls = 0;
  bool closing = false;
  // Set when closing and no call is left.
  std::promise<void> empty = {};

  void OnCallGone() {
    if (--calls == 0 && closing) empty.set_value();
  }
};

class GrpcCall final : public CallTransport {
 public:
  // Waits for a call to come.
  static void Accept(QueueLane& lane) {
    auto* call = new GrpcCall(lane);
    call->context_.AsyncNotifyWhenDone(&call->done_tag_);
    lane.service->RequestCall(&call->context_, &call->stream_, lane.queue.get(), lane.queue.get(),
                              &call->accept_tag_);
  }

  // What a completion queue returns. `ok` as gRPC means it.
  struct Tag {
    using Handler = void (GrpcCall::*)(bool ok);
    GrpcCall* call;
    Handler handler;
    void Run(bool ok) { (call->*handler)(ok); }
    // Whether the loop need not know yet. On the queue's thread.
    bool CanWait() const {
      if (handler == &GrpcCall::OnDone) return !call->context_.IsCancelled();
      return handler == &GrpcCall::OnFinish;
    }
  };

  void SetEvents(CallEvents* events) override { events_ = events; }
  std::string_view method() const override { return context_.method(); }
  std::optional<std::string_view> Metadata(std::string_view name) const override {
    const auto& metadata = context_.client_metadata();
    const auto it = metadata.find(ToRef(name));
    if (it == metadata.end()) return std::nullopt;
    return ToView(it->second);
  }
  std::string peer() const override { return context_.peer(); }
  std::optional<std::chrono::nanoseconds> ClientTimeLeft() const override {
    const gpr_timespec deadline = context_.raw_deadline();
    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return std::nullopt;
    const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
    return std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
  }
  void AddTrailer(std::string_view name, std::string_view value) override {
    context_.AddTrailingMetadata(std::string(name), std::string(value));
  }

  void Read() override {
    ++pending_;
    Issue([this] { stream_.Read(&read_buffer_, &read_tag_); });
  }
  size_t ReadSize() const override { return read_buffer_.Length(); }
  bool ParseRead(google::protobuf::Message& message) override {
    return grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::Message>(
               &read_buffer_, &message)
        .ok();
  }
  void Write(const google::protobuf::Message& message) override {
    ++pending_;
    stream_.Write(Serialise(message), &write_tag_);
  }

  void SetResponse(const google::protobuf::Message& message) override {
    response_ = Serialise(message);
    has_response_ = true;
  }
  void Finish(const WireStatus& status) override {
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
  void Abort() override { context_.TryCancel(); }

 private:
  explicit GrpcCall(QueueLane& lane) : lane_(lane), stream_(&context_) { ++lane_.calls; }
  ~GrpcCall() { lane_.OnCallGone(); }

  // Starts an operation and looks whether it is done already, as most are: the
  // request came with its headers, the socket takes the answer. Its event then
  // does not go through the queue's thread, which would have to be woken, and
  // wake this one in turn.
  //
  // This is CompletionQueue::DoThenAsyncNext without its look into the queue, over
  // which the two threads would contend.
  template <typename Operation>
  void Issue(Operation operation) {
    grpc_completion_queue* const queue = lane_.queue->cq();
    grpc_completion_queue_thread_local_cache_init(queue);
    operation();
    void* tag = nullptr;
    int result = 0;
    if (grpc_completion_queue_thread_local_cache_flush(queue, &tag, &result) != 1) return;
    bool ok = result != 0;
    if (!static_cast<grpc::internal::CompletionQueueTag*>(tag)->FinalizeResult(&tag, &ok)) return;
    lane_.loop->Post([tag = static_cast<Tag*>(tag), ok] { tag->Run(ok); });
  }

  void OnAccept(bool ok) {
    if (!ok) {
      // The server is shutting down. The done tag of a call that never was does
      // not arrive.
      delete this;
      return;
    }
    Accept(lane_);
    // For the done tag.
    ++pending_;
    lane_.acceptor->OnCall(*this);
  }
  void OnDone(bool) {
    if (!finished_ && context_.IsCancelled()) events_->OnCancelled();
    Return();
  }
  void OnRead(bool ok) {
    // After Finish nobody waits for it.
    if (!finished_) events_->OnRead(ok);
    Return();
  }
  void OnWrite(bool ok) {
    events_->OnWrite(ok);
    Return();
  }
  // Failing to send a status means that the client is gone; the done tag tells.
  void OnFinish(bool) { Return(); }

  void Return() {
    if (--pending_ > 0 || !finished_) return;
    events_->OnReleased();
    delete this;
  }

  QueueLane& lane_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer read_buffer_;
  grpc::ByteBuffer response_;
  CallEvents* events_ = nullptr;
  // Operations whose tags are still to come.
  int pending_ = 0;
  bool has_response_ = false;
  bool finished_ = false;
  Tag accept_tag_{this, &GrpcCall::OnAccept};
  Tag done_tag_{this, &GrpcCall::OnDone};
  Tag read_tag_{this, &GrpcCall::OnRead};
  Tag write_tag_{this, &GrpcCall::OnWrite};
  Tag finish_tag_{this, &GrpcCall::OnFinish};
};

// Hands the events of a queue to its loop. Ends of calls go with the next event
// that matters, so that the loop is not woken for them.
class Poller {
 public:
  explicit Poller(QueueLane& lane) : lane_(lane) {}

  void Run() {
    pthread_setname_np(pthread_self(), "grpc-queue");
    void* tag = nullptr;
    bool ok = false;
    while (true) {
      const grpc::CompletionQueue::NextStatus next = lane_.queue->AsyncNext(
          &tag, &ok, events_.empty() ? gpr_inf_future(GPR_CLOCK_MONOTONIC) : After(kEndsWait));
      if (next == grpc::CompletionQueue::SHUTDOWN) return;
      if (next == grpc::CompletionQueue::GOT_EVENT) {
        auto* const event = static_cast<GrpcCall::Tag*>(tag);
        events_.emplace_back(event, ok);
        if (event->CanWait() && events_.size() < kMaxWaitingEnds) continue;
      }
      lane_.loop->Post([events = std::exchange(events_, {})] {
        for (const auto& [tag, ok] : events) tag->Run(ok);
      });
    }
  }

 private:
  QueueLane& lane_;
  std::vector<std::pair<GrpcCall::Tag*, bool>> events_;
};

// Waits until every call of the lane has finished and every accept has failed:
// an operation on a queue that was shut down aborts the process, and gRPC's own
// shutdown does not wait for calls it has broken off.
void AwaitEmpty(QueueLane& lane) {
  lane.loop->Post([&lane] {
    lane.closing = true;
    if (lane.calls == 0) lane.empty.set_value();
  });
  lane.empty.get_future().wait();
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.empty()) return absl::NotFoundError("cannot read " + path);
  return text;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const ServerOptions& options) {
  if (options.tls_certificate_file.empty() && options.tls_key_file.empty()) {
    return grpc::InsecureServerCredentials();
  }
  GH_ASSIGN_OR_RETURN(std::string certificate, ReadPem(options.tls_certificate_file));
  GH_ASSIGN_OR_RETURN(std::string key, ReadPem(options.tls_key_file));
  grpc::SslServerCredentialsOptions ssl;
  ssl.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
  return grpc::SslServerCredentials(ssl);
}

void ApplyLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  // Ours is checked after authentication and answered with details; gRPC's own
  // is a bound against memory exhaustion, where it just breaks the call off.
  builder.SetMaxReceiveMessageSize(static_cast<int>(2 * options.max_message_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                             static_cast<int>(options.max_metadata_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             static_cast<int>(options.keepalive_time.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             static_cast<int>(options.keepalive_timeout.count()));
  // Clients may ping every 10 s, also without calls; the default of 5 minutes
  // makes well-meant client settings end in GOAWAY.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Two servers on one port would share its connections at random.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  if (options.max_connection_age.count() > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               static_cast<int>(options.max_connection_age.count()));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               static_cast<int>(options.max_connection_age_grace.count()));
  }
}

class GrpcBridge final : public Bridge {
 public:
  absl::Status Listen(const ServerOptions& options, std::vector<Bridge::Lane> lanes) {
    gpr_set_log_function(LogFromGrpc);
    google::protobuf::SetLogHandler(LogFromProtobuf);
    GH_ASSIGN_OR_RETURN(std::shared_ptr<grpc::ServerCredentials> credentials,
                        MakeCredentials(options));
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.address, std::move(credentials), &port_);
    builder.RegisterAsyncGenericService(&service_);
    ApplyLimits(options, builder);
    for (const Bridge::Lane& lane : lanes) {
      lanes_.push_back(
          std::make_unique<QueueLane>(QueueLane{.loop = lane.loop,
                                                .acceptor = lane.acceptor,
                                                .service = &service_,
                                                .queue = builder.AddCompletionQueue()}));
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      server_.reset();
      for (std::unique_ptr<QueueLane>& lane : lanes_) lane->queue->Shutdown();
      return absl::UnavailableError("cannot listen on " + options.address +
                                    ": the port is in use or the address is not of this host");
    }
    for (std::unique_ptr<QueueLane>& lane : lanes_) {
      lane->thread = std::thread([lane = lane.get()] { Poller(*lane).Run(); });
      lane->loop->Post([lane = lane.get()] {
        for (int i = 0; i < kPendingAccepts; ++i) GrpcCall::Accept(*lane);
      });
    }
    return absl::OkStatus();
  }

  int port() const override { return port_; }

  void Shutdown(base::SteadyTime deadline) override {
    server_->Shutdown(After(deadline - std::chrono::steady_clock::now()));
    for (std::unique_ptr<QueueLane>& lane : lanes_) AwaitEmpty(*lane);
    for (std::unique_ptr<QueueLane>& lane : lanes_) {
      lane->queue->Shutdown();
      lane->thread.join();
    }
  }

 private:
  grpc::AsyncGenericService service_;
  std::vector<std::unique_ptr<QueueLane>> lanes_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Bridge>> Bridge::Start(const ServerOptions& options,
                                                      std::vector<Lane> lanes) {
  auto bridge = std::make_unique<GrpcBridge>();
  if (absl::Status status = bridge->Listen(options, std::move(lanes)); !status.ok()) return status;
  return bridge;
}

}  // namespace gatehouse::service::rpc
