#ifndef GATEHOUSE_SERVICE_USER_NEW_USER_H_
#define GATEHOUSE_SERVICE_USER_NEW_USER_H_

#include <string_view>

#include "base/call_context.h"
#include "base/time.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/validate.h"
#include "storage/user/user.h"

namespace gatehouse::service {

// The user that a request describes, at `now`, with the id that it proposes or another one; what is
// wrong goes to `checks`.
storage::User NewUser(const base::CallContext& ctx, const v1::User& described, std::string_view id,
                      base::Time now, FieldChecks& checks);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_NEW_USER_H_
