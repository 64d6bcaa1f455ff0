#ifndef GATEHOUSE_RPC_INTERCEPTORS_STREAM_CAP_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_STREAM_CAP_INTERCEPTOR_H_

#include <cstddef>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "base/async/mutex.h"
#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// Bounds the streams that one caller has open: of a principal, of an address without credentials,
// and of all that have none together. A silent stream costs its caller nothing, and the server
// memory for as long as it stays. Health checks are not exempt.
//
// After authentication: knows callers by the context's principal.
class StreamCapInterceptor final : public Interceptor {
 public:
  struct Limits {
    size_t per_principal = 1000;
    size_t public_per_address = 100;
    size_t public_in_all = 1000;
  };

  explicit StreamCapInterceptor(Limits limits) : limits_(limits) {}

  std::string_view name() const override { return "stream_cap"; }
  // Of how many callers something is kept: of those who have streams open. From any thread.
  size_t callers() const GH_EXCLUDES(mutex_);

  Decision Before(ServerCall& call) override;
  void After(ServerCall& call, absl::Status& status) override;

 private:
  absl::Status Take(const base::CallContext& context, bool anonymous) GH_EXCLUDES(mutex_);

  const Limits limits_;
  mutable base::Mutex mutex_;
  std::unordered_map<std::string, size_t> by_caller_ GH_GUARDED_BY(mutex_);
  size_t anonymous_ GH_GUARDED_BY(mutex_) = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_STREAM_CAP_INTERCEPTOR_H_
