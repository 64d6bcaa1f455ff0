#include "rpc/interceptors/metrics_interceptor.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "base/async/mutex.h"
#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::rpc {
namespace {

// From a cache hit to a slow login; in seconds.
const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const auto& buckets = *new prometheus::Histogram::BucketBoundaries{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};
  return buckets;
}

}  // namespace

class MetricsInterceptor::Metrics {
 public:
  explicit Metrics(prometheus::Registry& registry)
      : handled_(prometheus::BuildCounter()
                     .Name("gatehouse_rpc_handled_total")
                     .Help("Calls that ended, by method and status code.")
                     .Register(registry)),
        duration_(prometheus::BuildHistogram()
                      .Name("gatehouse_rpc_duration_seconds")
                      .Help("How long unary calls took, from arrival to the handing over of the "
                            "answer.")
                      .Register(registry)),
        in_flight_(prometheus::BuildGauge()
                       .Name("gatehouse_rpc_in_flight")
                       .Help("Calls that run now, streams included.")
                       .Register(registry)
                       .Add({})),
        errors_(prometheus::BuildCounter()
                    .Name("gatehouse_rpc_errors_total")
                    .Help("Calls that failed, by error reason and the limit that was hit.")
                    .Register(registry)) {}

  void OnStart() { in_flight_.Increment(); }

  void OnEnd(const MethodInfo& method, absl::StatusCode code, double seconds) GH_EXCLUDES(mutex_) {
    in_flight_.Decrement();
    prometheus::Counter* counter = nullptr;
    prometheus::Histogram* histogram = nullptr;
    {
      base::MutexLock lock(mutex_);
      PerMethod& entry = methods_[&method];
      counter = Handled(entry, method, code);
      if (method.kind == MethodKind::kUnary) histogram = Duration(entry, method);
    }
    counter->Increment();
    // A stream lasts as long as its client likes.
    if (histogram != nullptr) histogram->Observe(seconds);
  }

  // Reasons are an enum and limits constants of the program: both are few.
  void OnError(const base::ErrorDetails& error) GH_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    prometheus::Counter*& counter = reasons_[{error.reason, error.quota}];
    if (counter == nullptr) {
      counter = &errors_.Add(
          {{"reason", std::string(base::ReasonName(error.reason))}, {"limit", error.quota}});
    }
    counter->Increment();
  }

 private:
  // Made at the first call, so that /metrics shows what is used.
  struct PerMethod {
    std::map<absl::StatusCode, prometheus::Counter*> handled;
    prometheus::Histogram* duration = nullptr;
  };

  prometheus::Counter* Handled(PerMethod& entry, const MethodInfo& method, absl::StatusCode code) {
    prometheus::Counter*& counter = entry.handled[code];
    if (counter == nullptr) {
      counter = &handled_.Add({{"method", method.name}, {"code", absl::StatusCodeToString(code)}});
    }
    return counter;
  }

  prometheus::Histogram* Duration(PerMethod& entry, const MethodInfo& method) {
    if (entry.duration == nullptr) {
      entry.duration = &duration_.Add({{"method", method.name}}, Buckets());
    }
    return entry.duration;
  }

  prometheus::Family<prometheus::Counter>& handled_;
  prometheus::Family<prometheus::Histogram>& duration_;
  prometheus::Gauge& in_flight_;
  prometheus::Family<prometheus::Counter>& errors_;
  base::Mutex mutex_;
  // MethodInfo objects live as long as the server.
  std::map<const MethodInfo*, PerMethod> methods_ GH_GUARDED_BY(mutex_);
  std::map<std::pair<base::Reason, std::string>, prometheus::Counter*> reasons_
      GH_GUARDED_BY(mutex_);
};

MetricsInterceptor::MetricsInterceptor(prometheus::Registry& registry)
    : metrics_(std::make_unique<Metrics>(registry)) {}

MetricsInterceptor::~MetricsInterceptor() = default;

Decision MetricsInterceptor::Before(ServerCall& call) {
  metrics_->OnStart();
  return Decision::Continue();
}

void MetricsInterceptor::After(ServerCall& call, absl::Status& status) {
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - call.start_time();
  metrics_->OnEnd(call.method(), status.code(), taken.count());
  if (status.ok()) return;
  if (const auto error = base::GetErrorDetails(status)) metrics_->OnError(*error);
}

}  // namespace gatehouse::rpc
