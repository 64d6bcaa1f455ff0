#ifndef GATEHOUSE_SERVICE_ALERT_DESTINATION_DESTINATION_FIELDS_H_
#define GATEHOUSE_SERVICE_ALERT_DESTINATION_DESTINATION_FIELDS_H_

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/principal.h"
#include "base/time.h"
#include "gatehouse/v1/alert.pb.h"
#include "service/common/validate.h"
#include "storage/alert/alert_destination.h"
#include "storage/event.h"

namespace gatehouse::service {

// The fields of gatehouse.v1.AlertDestination that an update changes.
inline constexpr std::array<std::string_view, 9> kDestinationFields = {
    "display_name", "addresses",      "kinds",     "tells_resolved", "silence",
    "quiet_hours",  "wakes_critical", "time_zone", "locale"};

// Takes `fields` over from `from`; what is wrong goes to `checks`.
void ApplyDestinationFields(const v1::AlertDestination& from, std::span<const std::string> fields,
                            storage::AlertDestination& to, FieldChecks& checks);

// Those of kDestinationFields in which the two differ.
std::vector<std::string> ChangedDestinationFields(const storage::AlertDestination& before,
                                                  const storage::AlertDestination& after);

// PERMISSION_DENIED if it is told of alerts that the caller may not see.
absl::Status RequireKindsSeen(const base::Principal& caller,
                              const storage::AlertDestination& destination);

void ToProto(const storage::AlertDestination& from, v1::AlertDestination& to);

// An event about a destination.
storage::Event DestinationEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                                const storage::AlertDestination& destination,
                                std::string details_json = "{}");

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ALERT_DESTINATION_DESTINATION_FIELDS_H_
