#ifndef GATEHOUSE_RPC_INTERCEPTORS_REQUEST_ID_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_REQUEST_ID_INTERCEPTOR_H_

#include "base/time.h"
#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// Gives every call an id to find it by: the caller's x-request-id if it is
// sane, else a new one. Returned in the trailers, also with errors. Takes over
// W3C Trace Context.
class RequestIdInterceptor final : public Interceptor {
 public:
  // The clock outlives the interceptor.
  explicit RequestIdInterceptor(const base::Clock& clock) : clock_(clock) {}

  std::string_view name() const override { return "request_id"; }
  Decision Before(ServerCall& call) override;

 private:
  const base::Clock& clock_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_REQUEST_ID_INTERCEPTOR_H_
