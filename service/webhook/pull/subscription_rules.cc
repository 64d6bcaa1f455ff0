#include "service/webhook/pull/subscription_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "service/common/json.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxNameBytes = 64;

bool IsAlphanumeric(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

storage::Event SubscriptionEvent(const base::CallContext& ctx, base::Time now,
                                 std::string_view type, const storage::Subscription& subscription,
                                 std::string details_json) {
  return storage::MakeEvent(ctx, now, std::string(type),
                            {{.type = "subscription", .id = subscription.name, .label = ""}},
                            std::move(details_json));
}

}  // namespace

void CheckSubscriptionName(FieldChecks& checks, std::string_view field, std::string_view name) {
  const bool good = !name.empty() && name.size() <= kMaxNameBytes && IsAlphanumeric(name[0]) &&
                    std::ranges::all_of(name, [](char c) {
                      return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-';
                    });
  if (good) return;
  checks.Fail(
      field, "must be 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit");
}

storage::Event SubscribedEvent(const base::CallContext& ctx, base::Time now,
                               const storage::Subscription& subscription) {
  return SubscriptionEvent(ctx, now, storage::event_types::kWebhookSubscribed, subscription,
                           JsonObject()
                               .AddNumber("position", subscription.position)
                               .Add("event_types", subscription.event_types)
                               .ToString());
}

storage::Event UnsubscribedEvent(const base::CallContext& ctx, base::Time now,
                                 const storage::Subscription& subscription) {
  return SubscriptionEvent(ctx, now, storage::event_types::kWebhookUnsubscribed, subscription,
                           JsonObject().AddNumber("position", subscription.position).ToString());
}

}  // namespace gatehouse::service
