#ifndef GATEHOUSE_RPC_INTERCEPTORS_ADMISSION_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_ADMISSION_INTERCEPTOR_H_

#include <atomic>
#include <cstddef>

#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// Bounds the calls in flight: a server that takes on more than it can do ends
// up doing nothing in time. Unary calls and streams have limits of their own,
// so that idle streams never keep logins out. Health checks are exempt.
class AdmissionInterceptor final : public Interceptor {
 public:
  struct Limits {
    // With 2 ms per call this is 500,000 calls a second: a queue, not a rate.
    size_t unary = 1000;
    size_t streams = 10'000;
  };

  explicit AdmissionInterceptor(Limits limits) : limits_(limits) {}

  std::string_view name() const override { return "admission"; }
  Decision Before(ServerCall& call) override;
  void After(ServerCall& call, absl::Status& status) override;

 private:
  std::atomic<size_t>& CounterOf(const MethodInfo& method);

  const Limits limits_;
  std::atomic<size_t> unary_ = 0;
  std::atomic<size_t> streams_ = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_ADMISSION_INTERCEPTOR_H_
