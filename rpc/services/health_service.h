#ifndef GATEHOUSE_RPC_SERVICES_HEALTH_SERVICE_H_
#define GATEHOUSE_RPC_SERVICES_HEALTH_SERVICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/mutex.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "grpc/health/v1/health.pb.h"
#include "rpc/method/message_stream.h"
#include "rpc/method/method_registry.h"

namespace gatehouse::rpc {

// grpc.health.v1.Health: what load balancers and orchestrators ask. Answers for
// the whole server under the empty name and for each service under its own.
//
// Public, and exempt from admission: a busy server is not a dead one.
// Thread-safe; outlives the server.
class HealthService {
 public:
  // What is known before it is set is NOT_SERVING.
  explicit HealthService(std::vector<std::string> services);

  void Register(MethodRegistry& registry);

  // Of one service, or of everything.
  void Set(std::string_view service, bool serving) GH_EXCLUDES(mutex_);
  void SetAll(bool serving) GH_EXCLUDES(mutex_);

  // True if the whole server serves.
  bool serving() const GH_EXCLUDES(mutex_);

 private:
  using Response = grpc::health::v1::HealthCheckResponse;
  using Request = grpc::health::v1::HealthCheckRequest;

  base::Task<absl::StatusOr<Response>> Check(base::CallContext context, Request request);
  base::Task<absl::Status> Watch(base::CallContext context, Request request,
                                 Writer<Response> writer);

  Response::ServingStatus Get(const std::string& service) const GH_EXCLUDES(mutex_);
  // `notify` is called, under the lock, at the next change after `version`; at
  // once if there was one already.
  uint64_t Subscribe(uint64_t version, std::function<void()> notify) GH_EXCLUDES(mutex_);
  void Unsubscribe(uint64_t id) GH_EXCLUDES(mutex_);
  uint64_t version() const GH_EXCLUDES(mutex_);
  void NotifyAll() GH_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::map<std::string, bool, std::less<>> services_ GH_GUARDED_BY(mutex_);
  std::map<uint64_t, std::function<void()>> subscribers_ GH_GUARDED_BY(mutex_);
  uint64_t next_subscriber_ GH_GUARDED_BY(mutex_) = 1;
  // Counts changes.
  uint64_t version_ GH_GUARDED_BY(mutex_) = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_SERVICES_HEALTH_SERVICE_H_
