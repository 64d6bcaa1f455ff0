#include "rpc/services/health_service.h"

#include <utility>

#include "base/async/one_shot.h"
#include "base/status.h"

namespace gatehouse::rpc {

using HealthRequest = grpc::health::v1::HealthCheckRequest;
using HealthResponse = grpc::health::v1::HealthCheckResponse;

namespace {

// Longer than any service's name: a stream keeps it for as long as it watches.
constexpr size_t kMaxServiceNameBytes = 256;

}  // namespace

HealthService::HealthService(std::vector<std::string> services) {
  services_.emplace("", false);
  for (std::string& service : services) services_.emplace(std::move(service), false);
}

void HealthService::Register(MethodRegistry& registry) {
  const MethodRegistry::Foreign open{.access = {.is_public = true}, .exempt_from_admission = true};
  registry.AddUnary<HealthRequest, HealthResponse>(
      "/grpc.health.v1.Health/Check",
      [this](base::CallContext context, HealthRequest request) {
        return Check(std::move(context), std::move(request));
      },
      open);
  registry.AddServerStreaming<HealthRequest, HealthResponse>(
      "/grpc.health.v1.Health/Watch",
      [this](base::CallContext context, HealthRequest request, Writer<HealthResponse> writer) {
        return Watch(std::move(context), std::move(request), writer);
      },
      // Watchers are streams like any other: only their number is no load.
      open);
}

void HealthService::Set(std::string_view service, bool serving) {
  base::MutexLock lock(mutex_);
  const auto it = services_.find(service);
  if (it == services_.end() || it->second == serving) return;
  it->second = serving;
  NotifyAll();
}

void HealthService::SetAll(bool serving) {
  base::MutexLock lock(mutex_);
  for (auto& [name, value] : services_) value = serving;
  NotifyAll();
}

bool HealthService::serving() const { return Get("") == Response::SERVING; }

HealthService::Response::ServingStatus HealthService::Get(const std::string& service) const {
  base::MutexLock lock(mutex_);
  const auto it = services_.find(service);
  if (it == services_.end()) return Response::SERVICE_UNKNOWN;
  return it->second ? Response::SERVING : Response::NOT_SERVING;
}

uint64_t HealthService::version() const {
  base::MutexLock lock(mutex_);
  return version_;
}

void HealthService::NotifyAll() {
  ++version_;
  for (auto& [id, notify] : subscribers_) notify();
}

uint64_t HealthService::Subscribe(uint64_t version, std::function<void()> notify) {
  base::MutexLock lock(mutex_);
  if (version_ != version) notify();
  subscribers_.emplace(next_subscriber_, std::move(notify));
  return next_subscriber_++;
}

void HealthService::Unsubscribe(uint64_t id) {
  base::MutexLock lock(mutex_);
  subscribers_.erase(id);
}

base::Task<absl::StatusOr<HealthService::Response>> HealthService::Check(base::CallContext context,
                                                                         Request request) {
  Response response;
  response.set_status(Get(request.service()));
  if (response.status() == Response::SERVICE_UNKNOWN) {
    co_return base::MakeError(
        absl::StatusCode::kNotFound, "there is no service " + request.service(),
        {.reason = base::Reason::kServiceUnknown, .metadata = {{"service", request.service()}}});
  }
  co_return response;
}

base::Task<absl::Status> HealthService::Watch(base::CallContext context, Request request,
                                              Writer<Response> writer) {
  if (request.service().size() > kMaxServiceNameBytes) {
    co_return base::InvalidField("service", "must be at most 256 bytes long");
  }
  std::optional<Response::ServingStatus> sent;
  while (!context.cancel().cancelled()) {
    const uint64_t seen = version();
    const Response::ServingStatus current = Get(request.service());
    if (current != sent) {
      Response response;
      response.set_status(current);
      const bool written = co_await writer.Write(response);
      if (!written) break;
      sent = current;
    }
    base::OneShot<bool> changed;
    const auto on_cancel = context.cancel().OnCancel([changed] { changed.Set(false); });
    base::Loop& loop = context.loop();
    const uint64_t id =
        Subscribe(seen, [&loop, changed] { loop.Post([changed] { changed.Set(true); }); });
    co_await changed;
    Unsubscribe(id);
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::rpc
