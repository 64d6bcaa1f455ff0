#ifndef GATEHOUSE_AUTH_LIMITS_DENIAL_H_
#define GATEHOUSE_AUTH_LIMITS_DENIAL_H_

#include <functional>
#include <string>

#include "base/async/task.h"
#include "base/call_context.h"

namespace gatehouse::auth {

// A call that was refused, by the chain or for want of a permission by its handler.
struct Denial {
  enum class Kind {
    kUnauthenticated,
    kPermissionDenied,
    kRateLimited,
  };

  Kind kind;
  // The permission that was lacking; for kPermissionDenied. Empty where a rule forbids
  // the call to everybody, as changing one's own role.
  std::string permission = {};
};

// Told of every denial before its answer leaves; the context says who, which method
// and from where. It must bound its own work: whoever sends garbage calls it as fast
// as they can send. An empty hook is not called.
using DenialHook = std::function<base::Task<void>(base::CallContext, Denial)>;

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_LIMITS_DENIAL_H_
