// A load generator whose every call has the next request of a file, and which looks into the
// answers. Prints one line of JSON:
//   {"begun": N, "refused": N, "first_refused_status": N, "without_retry_info": N, "seconds": S,
//    "rate": R, "p50_us": X, "p99_us": Y}
// "rate" and what follows it are of the calls that were answered OK within the time.
//
//   request_client --address=127.0.0.1:50051 --method=gatehouse.v1.UserService/GetUser
//     --requests=FILE --token=... --in_flight=64 --seconds=5
//   request_client ... --rate=1000    so many a second, evenly spaced, whatever is answered
//   request_client ... --refresh      RefreshSession: each of those in flight begins with a request
//                                     of its own, and goes on with the token of its last answer
//
// FILE: requests as they go over the wire, each with gRPC's prefix; after the last one comes the
// first. SIGTERM ends it before its time, and it prints what there was.

#include <google/protobuf/any.pb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gatehouse/v1/session.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/bench/http2_caller.h"

namespace gatehouse::tests {
namespace {

using Clock = Http2Caller::Clock;
using Answer = Http2Caller::Answer;

struct Options {
  Http2Caller::Target target;
  std::string requests;
  int in_flight = 64;
  double rate = 0;
  bool refresh = false;
  double seconds = 5;
  double warm_up_seconds = 0;
};

volatile std::sig_atomic_t stopped = 0;

std::vector<std::string> ReadFrames(const std::string& path) {
  constexpr size_t kPrefixBytes = 5;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string bytes = text.str();
  std::vector<std::string> frames;
  for (size_t at = 0; at + kPrefixBytes <= bytes.size(); at += frames.back().size()) {
    size_t length = 0;
    for (size_t i = 1; i < kPrefixBytes; ++i) {
      length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    frames.push_back(bytes.substr(at, kPrefixBytes + length));
  }
  if (frames.empty()) throw std::runtime_error("no requests in " + path);
  return frames;
}

bool HasRetryInfo(const Answer& answer) {
  google::rpc::Status status;
  if (!status.ParseFromString(answer.details)) return false;
  const auto is_retry_info = [](const google::protobuf::Any& detail) {
    return detail.Is<google::rpc::RetryInfo>();
  };
  return std::any_of(status.details().begin(), status.details().end(), is_retry_info);
}

std::string NextRefresh(const Answer& answer) {
  v1::RefreshSessionResponse response;
  if (answer.status != 0 || !response.ParseFromString(answer.message)) {
    throw std::runtime_error("a refresh failed: " + std::to_string(answer.status));
  }
  v1::RefreshSessionRequest request;
  request.set_refresh_token(response.tokens().refresh_token());
  return Http2Caller::FrameOf(request.SerializeAsString());
}

class Load {
 public:
  Load(const Options& options, std::vector<std::string> frames)
      : options_(options),
        frames_(std::move(frames)),
        pause_(options.rate > 0 ? Seconds(1 / options.rate) : Clock::duration::max()),
        caller_(options.target) {
    if (options.refresh && frames_.size() < static_cast<size_t>(options.in_flight)) {
      throw std::runtime_error("a token of its own for each call in flight");
    }
  }

  void Run() {
    next_due_ = Clock::now();
    measure_from_ = next_due_ + Seconds(options_.warm_up_seconds);
    until_ = measure_from_ + Seconds(options_.seconds);
    const bool paced = options_.rate > 0;
    for (int i = 0; !paced && i < options_.in_flight; ++i) Begin(NextFrame());
    while (!IsOver()) {
      if (paced) BeginDue();
      caller_.Poll(paced ? std::min(next_due_, until_) : until_);
    }
    until_ = std::min(until_, Clock::now());
    while (caller_.in_flight() > 0) caller_.Poll(Clock::time_point::max());
    Print();
  }

 private:
  static Clock::duration Seconds(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  bool IsOver() const { return stopped != 0 || Clock::now() >= until_; }

  const std::string& NextFrame() { return frames_[next_frame_++ % frames_.size()]; }

  // What fell due while this process had to wait begins now: as many a second as were asked for.
  void BeginDue() {
    const auto now = Clock::now();
    for (; next_due_ <= now; next_due_ += pause_) Begin(NextFrame());
  }

  void Begin(std::string frame) {
    ++begun_;
    caller_.Begin(std::move(frame), [this](const Answer& answer) { Finish(answer); });
  }

  void Finish(const Answer& answer) {
    if (answer.status != 0) {
      if (refused_++ == 0) first_refused_status_ = answer.status;
      if (!HasRetryInfo(answer)) ++without_retry_info_;
    } else if (answer.begun >= measure_from_ && answer.ended <= until_) {
      latencies_us_.push_back(
          std::chrono::duration<float, std::micro>(answer.ended - answer.begun).count());
    }
    if (options_.rate > 0 || IsOver()) return;
    Begin(options_.refresh ? NextRefresh(answer) : NextFrame());
  }

  double Percentile(double share) {
    if (latencies_us_.empty()) return 0;
    const auto at = latencies_us_.begin() +
                    static_cast<ptrdiff_t>(share * static_cast<double>(latencies_us_.size() - 1));
    std::nth_element(latencies_us_.begin(), at, latencies_us_.end());
    return *at;
  }

  void Print() {
    const double seconds = std::chrono::duration<double>(until_ - measure_from_).count();
    std::printf(
        "{\"begun\": %zu, \"refused\": %zu, \"first_refused_status\": %d, "
        "\"without_retry_info\": %zu, \"seconds\": %.3f, \"rate\": %.1f, \"p50_us\": %.1f, "
        "\"p99_us\": %.1f}\n",
        begun_, refused_, first_refused_status_, without_retry_info_, seconds,
        static_cast<double>(latencies_us_.size()) / seconds, Percentile(0.5), Percentile(0.99));
  }

  const Options& options_;
  const std::vector<std::string> frames_;
  const Clock::duration pause_;
  Http2Caller caller_;
  Clock::time_point next_due_;
  Clock::time_point measure_from_;
  Clock::time_point until_;
  size_t next_frame_ = 0;
  size_t begun_ = 0;
  size_t refused_ = 0;
  int first_refused_status_ = 0;
  size_t without_retry_info_ = 0;
  std::vector<float> latencies_us_;
};

}  // namespace
}  // namespace gatehouse::tests

int main(int argc, char** argv) {
  namespace tests = gatehouse::tests;
  tests::Options options;
  CLI::App app("Calls with the requests of a file");
  app.add_option("--address", options.target.address)->required();
  app.add_option("--method", options.target.method)->required();
  app.add_option("--requests", options.requests)->required();
  app.add_option("--token", options.target.token);
  app.add_option("--connections", options.target.connections)->check(CLI::Range(1, 1000));
  app.add_option("--in_flight", options.in_flight);
  app.add_option("--rate", options.rate, "Calls a second; 0: as fast as in_flight allows");
  app.add_flag("--refresh", options.refresh);
  app.add_option("--seconds", options.seconds);
  app.add_option("--warm_up_seconds", options.warm_up_seconds);
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGTERM, [](int) { tests::stopped = 1; });
  try {
    tests::Load(options, tests::ReadFrames(options.requests)).Run();
  } catch (const std::exception& error) {
    std::cerr << "request_client: " << error.what() << "\n";
    return 1;
  }
}
