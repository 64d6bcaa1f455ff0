#ifndef GATEHOUSE_SERVICE_WEBHOOK_PULL_SUBSCRIPTION_RULES_H_
#define GATEHOUSE_SERVICE_WEBHOOK_PULL_SUBSCRIPTION_RULES_H_

#include <string_view>

#include "base/call_context.h"
#include "base/time.h"
#include "service/common/validate.h"
#include "storage/event.h"
#include "storage/subscription/subscription.h"

namespace gatehouse::service {

// 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit.
void CheckSubscriptionName(FieldChecks& checks, std::string_view field, std::string_view name);

// That it was made, and what it asks for.
storage::Event SubscribedEvent(const base::CallContext& ctx, base::Time now,
                               const storage::Subscription& subscription);
// That it was deleted.
storage::Event UnsubscribedEvent(const base::CallContext& ctx, base::Time now,
                                 const storage::Subscription& subscription);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_PULL_SUBSCRIPTION_RULES_H_
