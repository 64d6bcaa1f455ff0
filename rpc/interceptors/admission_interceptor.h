#ifndef GATEHOUSE_RPC_INTERCEPTORS_ADMISSION_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_ADMISSION_INTERCEPTOR_H_

#include <memory>
#include <utility>

#include "rpc/chain/interceptor.h"
#include "rpc/interceptors/in_flight.h"

namespace gatehouse::rpc {

// Bounds the calls in flight: a server that takes on more than it can do ends up doing nothing in
// time. Health checks are exempt.
class AdmissionInterceptor final : public Interceptor {
 public:
  explicit AdmissionInterceptor(std::shared_ptr<InFlight> in_flight)
      : in_flight_(std::move(in_flight)) {}

  std::string_view name() const override { return "admission"; }
  Decision Before(ServerCall& call) override {
    if (call.method().exempt_from_admission) return Decision::Continue();
    return in_flight_->Take(call.method());
  }
  void After(ServerCall& call, absl::Status& status) override {
    if (!call.method().exempt_from_admission) in_flight_->Return(call.method());
  }

 private:
  const std::shared_ptr<InFlight> in_flight_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_ADMISSION_INTERCEPTOR_H_
