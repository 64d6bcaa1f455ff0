#ifndef GATEHOUSE_BASE_SYSTEM_CONTEXT_H_
#define GATEHOUSE_BASE_SYSTEM_CONTEXT_H_

#include <chrono>
#include <string>
#include <utility>

#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/call_context.h"
#include "base/principal.h"
#include "base/uuid.h"

namespace gatehouse::base {

// A context for a piece of work of the server itself, who may do everything, for a tenant. It ends
// after `timeout`, or when `cancel` does. `name` says which work it is: in events as their actor.
inline CallContext SystemContext(Loop& loop, std::string name,
                                 std::chrono::steady_clock::duration timeout,
                                 CancelToken cancel = {},
                                 const Uuid& tenant_id = kDefaultTenantId) {
  return CallContext(
      loop, {.deadline = std::chrono::steady_clock::now() + timeout,
             .principal = {.kind = Principal::Kind::kSystem, .tenant_id = tenant_id, .name = name},
             .method = std::move(name),
             .cancel = std::move(cancel)});
}

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_SYSTEM_CONTEXT_H_
