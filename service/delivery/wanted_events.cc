#include "service/delivery/wanted_events.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/statusor.h"
#include "service/common/event_type.h"

namespace gatehouse::service::delivery {

WantedEvents::WantedEvents(std::span<const std::string> event_types,
                           std::string_view payload_filter)
    : event_types_(event_types) {
  absl::StatusOr<PayloadFilter> filter = PayloadFilter::Parse(payload_filter, "payload_filter");
  if (filter.ok()) filter_ = *std::move(filter);
}

bool WantedEvents::WantsType(std::string_view type) const { return MatchesAny(event_types_, type); }

bool WantedEvents::WantsBody(std::string_view body) const {
  if (filter_.is_all()) return true;
  return WantsBody(nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false));
}

bool WantedEvents::WantsBody(const nlohmann::json& body) const {
  if (filter_.is_all()) return true;
  const auto data = body.find("data");
  return data != body.end() && filter_.Matches(*data);
}

}  // namespace gatehouse::service::delivery
