// A closed-loop gRPC load generator: keeps a fixed number of unary calls in
// flight for a while and prints one line of JSON:
//   {"calls": N, "errors": N, "seconds": S, "rate": R, "p50_us": X, "p99_us": Y}
//
//   load_client --address=127.0.0.1:50051 --method=gatehouse.v1.UserService/GetUser
//     --request='{"user_id": "..."}' --token=... --in_flight=64 --seconds=5
//
// --unique=TEXT: TEXT stands in the request, and in each call something else of its length.
//
// One thread, one completion queue, generic stubs: the client shares the
// machine with what it measures, so it does as little as it can.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "gatehouse/bench/v1/noop.pb.h"
#include "gatehouse/v1/audit.pb.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "gatehouse/v1/webhook.pb.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string address;
  std::string method;
  std::string request = "{}";
  std::string token;
  std::string unique;
  int in_flight = 64;
  int channels = 4;
  double seconds = 5;
  double warm_up_seconds = 1;
};

// Keeps the descriptors of every service in the binary, where nothing else
// refers to them.
void LinkProtos() {
  google::protobuf::LinkMessageReflection<gatehouse::v1::Event>();
  google::protobuf::LinkMessageReflection<gatehouse::v1::Session>();
  google::protobuf::LinkMessageReflection<gatehouse::v1::User>();
  google::protobuf::LinkMessageReflection<gatehouse::v1::Endpoint>();
  google::protobuf::LinkMessageReflection<gatehouse::bench::v1::NoopRequest>();
}

// The serialized request of `method` that `json` describes.
bool Serialize(const Options& options, std::string* bytes) {
  LinkProtos();
  std::string name = options.method;
  std::replace(name.begin(), name.end(), '/', '.');
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  const auto* method = pool->FindMethodByName(name);
  if (method == nullptr) {
    std::cerr << "no method " << options.method << "\n";
    return false;
  }
  google::protobuf::DynamicMessageFactory factory(pool);
  const std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(method->input_type())->New());
  const auto status = google::protobuf::util::JsonStringToMessage(options.request, message.get());
  if (!status.ok()) {
    std::cerr << status.ToString() << "\n";
    return false;
  }
  return message->SerializeToString(bytes);
}

class Load {
 public:
  Load(const Options& options, const std::string& request)
      : options_(options), bytes_(request), request_slice_(request), request_(&request_slice_, 1) {
    if (!options.unique.empty()) unique_at_ = request.find(options.unique);
    for (int i = 0; i < options.channels; ++i) {
      grpc::ChannelArguments arguments;
      // Without a number of its own a channel shares the others' connection.
      arguments.SetInt("gatehouse.bench.channel", i);
      stubs_.push_back(std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
          options.address, grpc::InsecureChannelCredentials(), arguments)));
    }
  }

  int Run() {
    const auto begin = Clock::now();
    measure_from_ = begin + Seconds(options_.warm_up_seconds);
    until_ = measure_from_ + Seconds(options_.seconds);
    for (int i = 0; i < options_.in_flight; ++i) Start();
    void* tag = nullptr;
    bool ok = false;
    while (in_flight_ > 0 && queue_.Next(&tag, &ok)) {
      Finish(std::unique_ptr<Call>(static_cast<Call*>(tag)));
    }
    Print();
    return errors_ == 0 ? 0 : 1;
  }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::Status status;
    Clock::time_point start;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  };

  static Clock::duration Seconds(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  void Start() {
    auto* call = new Call;
    if (!options_.token.empty()) {
      call->context.AddMetadata("authorization", "Bearer " + options_.token);
    }
    call->start = Clock::now();
    grpc::GenericStub& stub = *stubs_[next_stub_++ % stubs_.size()];
    if (unique_at_ != std::string::npos) MakeUnique();
    call->reader = stub.PrepareUnaryCall(&call->context, "/" + options_.method, request_, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call);
    ++in_flight_;
  }

  // The time of the run, and a number within it.
  void MakeUnique() {
    const int64_t number = begin_ + ++made_;
    std::string text = std::to_string(number);
    text.insert(0, options_.unique.size() - std::min(options_.unique.size(), text.size()), '0');
    bytes_.replace(unique_at_, options_.unique.size(), text, 0, options_.unique.size());
    request_slice_ = grpc::Slice(bytes_);
    request_ = grpc::ByteBuffer(&request_slice_, 1);
  }

  void Finish(std::unique_ptr<Call> call) {
    const auto now = Clock::now();
    --in_flight_;
    if (!call->status.ok() && errors_++ == 0) {
      std::cerr << "first error: " << call->status.error_code() << " "
                << call->status.error_message() << "\n";
    }
    if (call->start >= measure_from_ && now <= until_ && call->status.ok()) {
      latencies_us_.push_back(std::chrono::duration<float, std::micro>(now - call->start).count());
    }
    if (now < until_) Start();
  }

  double Percentile(double share) {
    if (latencies_us_.empty()) return 0;
    const auto at =
        latencies_us_.begin() + static_cast<ptrdiff_t>(share * (latencies_us_.size() - 1));
    std::nth_element(latencies_us_.begin(), at, latencies_us_.end());
    return *at;
  }

  void Print() {
    const size_t calls = latencies_us_.size();
    std::printf(
        "{\"calls\": %zu, \"errors\": %d, \"seconds\": %.3f, \"rate\": %.1f, "
        "\"p50_us\": %.1f, \"p99_us\": %.1f}\n",
        calls, errors_, options_.seconds, static_cast<double>(calls) / options_.seconds,
        Percentile(0.5), Percentile(0.99));
  }

  const Options& options_;
  std::string bytes_;
  size_t unique_at_ = std::string::npos;
  const int64_t begin_ = Clock::now().time_since_epoch().count();
  int64_t made_ = 0;
  grpc::Slice request_slice_;
  grpc::ByteBuffer request_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  grpc::CompletionQueue queue_;
  Clock::time_point measure_from_;
  Clock::time_point until_;
  int in_flight_ = 0;
  size_t next_stub_ = 0;
  int errors_ = 0;
  std::vector<float> latencies_us_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Closed-loop gRPC load generator");
  app.add_option("--address", options.address)->required();
  app.add_option("--method", options.method)->required();
  app.add_option("--request", options.request);
  app.add_option("--token", options.token);
  app.add_option("--unique", options.unique);
  app.add_option("--in_flight", options.in_flight);
  app.add_option("--channels", options.channels);
  app.add_option("--seconds", options.seconds);
  app.add_option("--warm_up_seconds", options.warm_up_seconds);
  CLI11_PARSE(app, argc, argv);
  std::string request;
  if (!Serialize(options, &request)) return 2;
  return Load(options, request).Run();
}
