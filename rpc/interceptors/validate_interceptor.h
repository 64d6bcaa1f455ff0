#ifndef GATEHOUSE_RPC_INTERCEPTORS_VALIDATE_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_VALIDATE_INTERCEPTOR_H_

#include <memory>

#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// Checks what the .proto files say of fields: google.api.field_behavior
// REQUIRED. A field is missing if it is unset, empty, or the enum value 0; a
// number or bool always counts as given. Fields of nested messages are checked
// where these are set, but not in requests with an update_mask, which name the
// fields that matter themselves. Everything else is the handler's business.
class ValidateInterceptor final : public Interceptor {
 public:
  ValidateInterceptor();
  ~ValidateInterceptor() override;

  std::string_view name() const override { return "validate"; }
  Decision Before(ServerCall& call) override;

 private:
  class Rules;
  std::unique_ptr<Rules> rules_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_VALIDATE_INTERCEPTOR_H_
