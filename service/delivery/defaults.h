#ifndef GATEHOUSE_SERVICE_DELIVERY_DEFAULTS_H_
#define GATEHOUSE_SERVICE_DELIVERY_DEFAULTS_H_

namespace gatehouse::service::delivery {

// Requests to endpoints at a time unless somebody sets another number: what the setting
// webhook.max_in_flight and the engine itself begin with.
inline constexpr int kDefaultMaxInFlight = 256;

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_DEFAULTS_H_
