// Publishes events and receives them as webhooks, in one program, so that both
// ends have one clock and nothing that was acknowledged can be forgotten.
// Prints one line of JSON:
//   {"published": N, "refused": N, "missing": N, "repeated": N, "publish_rate": R, "rate": R,
//    "p50_ms": X, "p99_ms": Y, "drain_ms": Z, "rate_meanwhile": R, "p99_meanwhile_ms": Y}
// From "missing" on all but "publish_rate" is of deliveries, of which an event has one for each
// endpoint that answers. "drain_ms" is from the first call to the last arrival; "meanwhile" is
// until the last call was answered.
//
//   webhook_bench --address=127.0.0.1:50051 --token=... --in_flight=64 --seconds=5
//   webhook_bench ... --rate=200                       paced: for latency
//   webhook_bench ... --endpoints=5 --refusing=5       beside as many where nobody listens
//   webhook_bench ... --endpoints=5 --hanging=5        beside as many that never answer
//   webhook_bench ... --endpoints=10000 --events=1     one event to many endpoints
//   webhook_bench ... --max_backlog_ms=50              no further ahead of deliveries than that
//
// Calls that fail as UNAVAILABLE are sent again with their request_id, so the
// server may die and come back at the same address meanwhile; those that are refused as
// DELIVERIES_BEHIND as well, each time after the delay that the server gave.

#include <google/protobuf/any.pb.h>
#include <grpcpp/alarm.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/async/mutex.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/http/http_receiver.h"

namespace gatehouse {
namespace {

using std::chrono::steady_clock;

struct Options {
  std::string address;
  std::string token;
  double seconds = 5;
  double rate = 0;
  int in_flight = 64;
  double settle_seconds = 60;
  int endpoints = 1;
  int refusing = 0;
  int hanging = 0;
  // Instead of `seconds`; 0: for so long.
  int events = 0;
  // 0: however far deliveries are behind.
  int max_backlog_ms = 0;
};

grpc::ByteBuffer Serialize(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

template <typename Message>
bool Parse(grpc::ByteBuffer& buffer, Message& message) {
  grpc::Slice slice;
  return buffer.DumpToSingleSlice(&slice).ok() &&
         message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

// After which a call is to be sent again that was refused since deliveries are behind; nullopt if
// it was not.
std::optional<std::chrono::milliseconds> RetryDelayOf(const grpc::Status& refused) {
  google::rpc::Status status;
  if (refused.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED ||
      !status.ParseFromString(refused.error_details())) {
    return std::nullopt;
  }
  bool behind = false;
  std::optional<std::chrono::milliseconds> delay;
  for (const google::protobuf::Any& detail : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info)) behind = info.reason() == "DELIVERIES_BEHIND";
    if (detail.UnpackTo(&retry)) {
      delay = std::chrono::milliseconds(retry.retry_delay().seconds() * 1000 +
                                        retry.retry_delay().nanos() / 1'000'000);
    }
  }
  return behind ? delay : std::nullopt;
}

// Microseconds since the epoch of the body's "timestamp", which the server
// takes before it commits: the latency comes out too long rather than too short.
int64_t TimestampOf(const std::string& body) {
  constexpr std::string_view kName = "\"timestamp\":\"";
  const size_t begin = body.find(kName);
  if (begin == std::string::npos) return 0;
  std::istringstream text(body.substr(begin + kName.size(), 26));
  std::tm parts = {};
  char dot = 0;
  int64_t micros = 0;
  text >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%S") >> dot >> micros;
  return int64_t{timegm(&parts)} * 1'000'000 + micros;
}

// What arrived. Called on the receiver's threads.
class Arrivals {
 public:
  tests::HttpReceiver::Answer Take(const tests::HttpReceiver::Request& request) {
    const int64_t now = clock_.Now().time_since_epoch().count();
    const auto id = request.headers.find("webhook-id");
    base::MutexLock lock(mutex_);
    last_ = steady_clock::now();
    if (id == request.headers.end()) return {.status = 400};
    if (ids_.insert(id->second + request.target).second) {
      const double latency_ms = static_cast<double>(now - TimestampOf(request.body)) / 1000;
      arrivals_.push_back({.at = last_, .latency_ms = latency_ms});
    } else {
      ++repeated_;
    }
    return {.status = 204};
  }

  // How many of these events have not come to an endpoint, of all endpoints together.
  size_t MissingOf(const std::vector<std::string>& events,
                   const std::vector<std::string>& targets) {
    base::MutexLock lock(mutex_);
    size_t missing = 0;
    for (const std::string& id : events) {
      for (const std::string& target : targets) missing += ids_.contains(id + target) ? 0 : 1;
    }
    return missing;
  }
  // Of those that were made, also of events whose call failed.
  size_t distinct() {
    base::MutexLock lock(mutex_);
    return ids_.size();
  }
  size_t repeated() {
    base::MutexLock lock(mutex_);
    return repeated_;
  }
  steady_clock::time_point last() {
    base::MutexLock lock(mutex_);
    return last_;
  }
  // How late they were that came until then, the least late first.
  std::vector<double> LatenciesMs(steady_clock::time_point until) {
    base::MutexLock lock(mutex_);
    std::vector<double> latencies;
    for (const Arrival& arrival : arrivals_) {
      if (arrival.at <= until) latencies.push_back(arrival.latency_ms);
    }
    std::sort(latencies.begin(), latencies.end());
    return latencies;
  }

 private:
  struct Arrival {
    steady_clock::time_point at;
    double latency_ms = 0;
  };

  const base::SystemClock clock_;
  base::Mutex mutex_;
  std::unordered_set<std::string> ids_ GH_GUARDED_BY(mutex_);
  std::vector<Arrival> arrivals_ GH_GUARDED_BY(mutex_);
  size_t repeated_ GH_GUARDED_BY(mutex_) = 0;
  steady_clock::time_point last_ GH_GUARDED_BY(mutex_) = steady_clock::now();
};

// 0 of none.
double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

// Keeps calls in flight, or starts one at every tick, until the time is over.
// One thread.
class Publisher {
 public:
  explicit Publisher(const Options& options)
      : options_(options),
        stub_(grpc::CreateChannel(options.address, grpc::InsecureChannelCredentials())) {}

  // The answer of one call, waited for.
  template <typename Response>
  bool Call(const std::string& method, const google::protobuf::Message& request,
            Response& response) {
    Start(method, Serialize(request));
    void* tag = nullptr;
    bool ok = false;
    if (!queue_.Next(&tag, &ok)) return false;
    const std::unique_ptr<Pending> call(static_cast<Pending*>(tag));
    if (!call->status.ok()) std::cerr << method << ": " << call->status.error_message() << "\n";
    return call->status.ok() && Parse(call->response, response);
  }

  bool Run() {
    begin_ = steady_clock::now();
    until_ = begin_ + std::chrono::duration_cast<steady_clock::duration>(
                          std::chrono::duration<double>(options_.seconds));
    if (options_.rate > 0) {
      Tick();
    } else {
      for (int i = 0; i < options_.in_flight && MayPublish(); ++i) Publish();
    }
    void* tag = nullptr;
    bool ok = false;
    while (open_ > 0 && !failed_ && queue_.Next(&tag, &ok)) {
      if (tag == &alarm_) {
        --open_;
        Tick();
      } else {
        Finish(std::unique_ptr<Pending>(static_cast<Pending*>(tag)));
      }
    }
    end_ = steady_clock::now();
    return !failed_;
  }

  const std::vector<std::string>& published() const { return published_; }
  // Calls that had to be sent again since deliveries were behind.
  size_t refused() const { return refused_; }
  steady_clock::time_point begin() const { return begin_; }
  steady_clock::time_point end() const { return end_; }

 private:
  struct Pending {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
    // Of one that is to be sent again: brings it back then.
    std::optional<grpc::Alarm> alarm;
  };
  static constexpr char kPublish[] = "WebhookService/PublishEvent";

  // gRPC takes no other clock's points in time.
  std::chrono::system_clock::time_point In(std::chrono::milliseconds delay) const {
    return clock_.Now() + delay;
  }

  void Start(const std::string& method, grpc::ByteBuffer request) {
    auto* call = new Pending;
    call->request = std::move(request);
    call->context.AddMetadata("authorization", "Bearer " + options_.token);
    // Waits for a server that is being started again.
    call->context.set_wait_for_ready(true);
    call->context.set_deadline(In(std::chrono::seconds(60)));
    call->reader =
        stub_.PrepareUnaryCall(&call->context, "/gatehouse.v1." + method, call->request, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call);
  }

  bool MayPublish() const {
    return options_.events > 0 ? number_ < options_.events : steady_clock::now() < until_;
  }

  void Publish() {
    v1::PublishEventRequest request;
    request.set_type("bench.published");
    (*request.mutable_data()->mutable_fields())["number"].set_number_value(++number_);
    (*request.mutable_data()->mutable_fields())["filler"].set_string_value(filler_);
    request.set_request_id(base::Uuid::MakeV7(clock_.Now()).ToString());
    if (options_.max_backlog_ms > 0) {
      request.mutable_max_backlog_age()->set_seconds(options_.max_backlog_ms / 1000);
      request.mutable_max_backlog_age()->set_nanos(options_.max_backlog_ms % 1000 * 1'000'000);
    }
    ++open_;
    Start(kPublish, Serialize(request));
  }

  void Finish(std::unique_ptr<Pending> call) {
    if (call->alarm || call->status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      Start(kPublish, call->request);
      return;
    }
    if (const auto delay = RetryDelayOf(call->status)) {
      ++refused_;
      call->alarm.emplace();
      call->alarm->Set(&queue_, In(*delay), call.get());
      call.release();
      return;
    }
    --open_;
    v1::PublishEventResponse response;
    if (!call->status.ok() || !Parse(call->response, response)) {
      std::cerr << "PublishEvent: " << call->status.error_message() << "\n";
      failed_ = true;
      return;
    }
    published_.push_back(response.event_id());
    if (options_.rate == 0 && MayPublish()) Publish();
  }

  void Tick() {
    if (!MayPublish()) return;
    const auto now = steady_clock::now();
    const double due = std::chrono::duration<double>(now - begin_).count() * options_.rate;
    while (number_ < due && MayPublish()) Publish();
    ++open_;
    alarm_.Set(&queue_, In(std::chrono::milliseconds(1)), &alarm_);
  }

  const Options& options_;
  const base::SystemClock clock_;
  // About 512 bytes of payload.
  const std::string filler_ = std::string(450, '.');
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc::Alarm alarm_;
  steady_clock::time_point begin_;
  steady_clock::time_point until_;
  steady_clock::time_point end_;
  int open_ = 0;
  int number_ = 0;
  size_t refused_ = 0;
  bool failed_ = false;
  std::vector<std::string> published_;
};

// Endpoints for the events that are published here, until its end.
class Endpoints {
 public:
  explicit Endpoints(Publisher& publisher) : publisher_(publisher) {}
  ~Endpoints() {
    for (const std::string& id : ids_) {
      v1::DeleteEndpointRequest gone;
      gone.set_endpoint_id(id);
      v1::DeleteEndpointResponse ignored;
      publisher_.Call("WebhookService/DeleteEndpoint", gone, ignored);
    }
  }
  Endpoints(const Endpoints&) = delete;
  Endpoints& operator=(const Endpoints&) = delete;

  bool Create(const std::string& url) {
    v1::CreateEndpointRequest endpoint;
    endpoint.mutable_endpoint()->set_url(url);
    endpoint.mutable_endpoint()->add_event_types("bench.published");
    v1::CreateEndpointResponse created;
    if (!publisher_.Call("WebhookService/CreateEndpoint", endpoint, created)) return false;
    ids_.push_back(created.endpoint().id());
    return true;
  }

 private:
  Publisher& publisher_;
  std::vector<std::string> ids_;
};

// Makes those that answer, whose paths it returns, and the others.
bool CreateAll(const Options& options, const tests::HttpReceiver& receiver,
               const tests::HttpReceiver& hanging, Endpoints& endpoints,
               std::vector<std::string>& targets) {
  for (int i = 0; i < options.endpoints; ++i) {
    targets.push_back("/" + std::to_string(i));
    if (!endpoints.Create(receiver.Url(targets.back()))) return false;
  }
  for (int i = 0; i < options.hanging; ++i) {
    if (!endpoints.Create(hanging.Url("/" + std::to_string(i)))) return false;
  }
  for (int i = 0; i < options.refusing; ++i) {
    // Nobody has a port so low.
    if (!endpoints.Create("http://127.0.0.1:1/" + std::to_string(i))) return false;
  }
  return true;
}

int Run(const Options& options) {
  Arrivals arrivals;
  tests::HttpReceiver receiver([&](const auto& request) { return arrivals.Take(request); });
  receiver.CountOnly();
  tests::HttpReceiver hanging(
      [](const auto&) { return tests::HttpReceiver::Answer{.hang = true}; });
  hanging.CountOnly();

  Publisher publisher(options);
  Endpoints endpoints(publisher);
  std::vector<std::string> targets;
  if (!CreateAll(options, receiver, hanging, endpoints, targets)) return 1;
  if (!publisher.Run()) return 1;

  const auto give_up = steady_clock::now() + std::chrono::duration<double>(options.settle_seconds);
  const auto missing_now = [&] { return arrivals.MissingOf(publisher.published(), targets); };
  // To look for each of them takes the machine that is measured for long: not before all can be
  // there.
  const size_t deliveries = publisher.published().size() * targets.size();
  while ((arrivals.distinct() < deliveries || missing_now() > 0) && steady_clock::now() < give_up) {
    // Until one more has come, or a moment has passed.
    receiver.WaitForCount(receiver.count() + 1, std::chrono::milliseconds(50));
  }
  const auto seconds = [&](steady_clock::time_point end) {
    return std::chrono::duration<double>(end - publisher.begin()).count();
  };
  const size_t published = publisher.published().size();
  const size_t missing = missing_now();
  const double drained = seconds(arrivals.last());
  const double publishing = seconds(publisher.end());
  const std::vector<double> all = arrivals.LatenciesMs(arrivals.last());
  const std::vector<double> meanwhile = arrivals.LatenciesMs(publisher.end());
  std::printf(
      "{\"published\": %zu, \"refused\": %zu, \"missing\": %zu, \"repeated\": %zu, "
      "\"publish_rate\": %.1f, \"rate\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
      "\"drain_ms\": %.1f, \"rate_meanwhile\": %.1f, \"p99_meanwhile_ms\": %.3f}\n",
      published, publisher.refused(), missing, arrivals.repeated(),
      static_cast<double>(published) / publishing,
      static_cast<double>(published * targets.size() - missing) / drained, Percentile(all, 0.5),
      Percentile(all, 0.99), drained * 1000, static_cast<double>(meanwhile.size()) / publishing,
      Percentile(meanwhile, 0.99));
  return 0;
}

}  // namespace
}  // namespace gatehouse

int main(int argc, char** argv) {
  gatehouse::Options options;
  CLI::App app("Publishes events and receives them as webhooks");
  app.add_option("--address", options.address)->required();
  app.add_option("--token", options.token)->required();
  app.add_option("--seconds", options.seconds);
  app.add_option("--rate", options.rate, "Events per second; 0: as fast as in_flight allows");
  app.add_option("--in_flight", options.in_flight);
  app.add_option("--settle_seconds", options.settle_seconds);
  app.add_option("--endpoints", options.endpoints, "That answer");
  app.add_option("--refusing", options.refusing, "Where nobody listens");
  app.add_option("--hanging", options.hanging, "That never answer");
  app.add_option("--events", options.events, "So many instead of for some seconds");
  app.add_option("--max_backlog_ms", options.max_backlog_ms,
                 "How old the oldest undelivered event may be for another one; 0: however old");
  CLI11_PARSE(app, argc, argv);
  return gatehouse::Run(options);
}
