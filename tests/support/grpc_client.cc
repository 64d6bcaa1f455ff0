#include "tests/support/grpc_client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

// Built without ThreadSanitizer, which cannot see how gRPC's library synchronises.

namespace gatehouse::tests {
namespace {

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return {};
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer ToBuffer(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

std::multimap<std::string, std::string> ToStrings(
    const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  std::multimap<std::string, std::string> strings;
  for (const auto& [name, value] : metadata) {
    strings.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
  return strings;
}

class Stream final : public ClientStream {
 public:
  Stream(grpc::GenericStub& stub, const std::string& method, const CallOptions& options) {
    for (const auto& [name, value] : options.metadata) context_.AddMetadata(name, value);
    if (!options.authority.empty()) context_.set_authority(options.authority);
    if (options.gzip) context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    if (!options.no_deadline) {
      context_.set_deadline(
          gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                       gpr_time_from_nanos(options.timeout.count(), GPR_TIMESPAN)));
    }
    call_ = stub.PrepareCall(&context_, method, &queue_);
    call_->StartCall(this);
    Wait();
  }

  ~Stream() override {
    if (!finished_) {
      Cancel();
      Finish();
    }
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  bool Write(std::string_view bytes) override {
    call_->Write(ToBuffer(bytes), this);
    return Wait();
  }
  bool WritesDone() override {
    call_->WritesDone(this);
    return Wait();
  }
  bool Read(std::string* bytes) override {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, this);
    if (!Wait()) return false;
    *bytes = ToString(buffer);
    return true;
  }
  void Cancel() override { context_.TryCancel(); }
  CallOutcome Finish() override {
    finished_ = true;
    // The status is delivered only behind the last message.
    std::string unread;
    while (Read(&unread)) {
    }
    grpc::Status status;
    call_->Finish(&status, this);
    Wait();
    CallOutcome outcome;
    outcome.code = static_cast<absl::StatusCode>(status.error_code());
    outcome.message = status.error_message();
    outcome.details.ParseFromString(status.error_details());
    outcome.headers = ToStrings(context_.GetServerInitialMetadata());
    outcome.trailers = ToStrings(context_.GetServerTrailingMetadata());
    return outcome;
  }

 private:
  bool Wait() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  bool finished_ = false;
};

std::shared_ptr<grpc::Channel> Connect(int port,
                                       const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                       const std::string& name) {
  grpc::ChannelArguments arguments;
  // Clients of one test must not share a connection behind its back.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  if (!name.empty()) arguments.SetSslTargetNameOverride(name);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), credentials, arguments);
}

}  // namespace

struct GrpcClient::Impl {
  explicit Impl(const std::shared_ptr<grpc::Channel>& channel) : stub(channel) {}
  grpc::GenericStub stub;
};

std::string CallOutcome::reason() const {
  const auto info = Detail<google::rpc::ErrorInfo>();
  return info ? info->reason() : std::string();
}

std::string CallOutcome::Trailer(const std::string& name) const {
  const auto it = trailers.find(name);
  return it == trailers.end() ? std::string() : it->second;
}

GrpcClient::GrpcClient(int port)
    : impl_(std::make_unique<Impl>(Connect(port, grpc::InsecureChannelCredentials(), ""))) {}

GrpcClient::GrpcClient(int port, const std::string& root_certificate_pem) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = root_certificate_pem;
  impl_ = std::make_unique<Impl>(Connect(port, grpc::SslCredentials(options), "localhost"));
}

GrpcClient::~GrpcClient() = default;

CallOutcome GrpcClient::CallBytes(const std::string& method, const std::string& request,
                                  const CallOptions& options, std::string* response) {
  Stream stream(impl_->stub, method, options);
  stream.Write(request);
  stream.WritesDone();
  std::string bytes;
  if (stream.Read(&bytes) && response != nullptr) *response = bytes;
  return stream.Finish();
}

std::unique_ptr<ClientStream> GrpcClient::Open(const std::string& method,
                                               const CallOptions& options) {
  return std::make_unique<Stream>(impl_->stub, method, options);
}

}  // namespace gatehouse::tests
