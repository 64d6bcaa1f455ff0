#ifndef GATEHOUSE_AUTH_INTERCEPTORS_REFUSAL_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_REFUSAL_H_

#include "absl/status/status.h"
#include "auth/limits/denial.h"
#include "rpc/chain/interceptor.h"

namespace gatehouse::auth {

// Tells `hook`, if there is one, of the denial and then refuses with `status`.
// `hook` outlives the call: it belongs to the interceptor.
rpc::Decision Refuse(const DenialHook& hook, base::CallContext context, Denial denial,
                     absl::Status status);

// The same inside a coroutine.
base::Task<absl::Status> RefuseAfterTelling(const DenialHook* hook, base::CallContext context,
                                            Denial denial, absl::Status status);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_REFUSAL_H_
