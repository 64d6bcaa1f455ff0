#include "auth/interceptors/refusal.h"

#include <utility>

namespace gatehouse::auth {

base::Task<absl::Status> RefuseAfterTelling(const DenialHook* hook, base::CallContext context,
                                            Denial denial, absl::Status status) {
  if (*hook) co_await (*hook)(std::move(context), std::move(denial));
  co_return status;
}

rpc::Decision Refuse(const DenialHook& hook, base::CallContext context, Denial denial,
                     absl::Status status) {
  if (!hook) return status;
  return RefuseAfterTelling(&hook, std::move(context), std::move(denial), std::move(status));
}

}  // namespace gatehouse::auth
