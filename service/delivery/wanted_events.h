#ifndef GATEHOUSE_SERVICE_DELIVERY_WANTED_EVENTS_H_
#define GATEHOUSE_SERVICE_DELIVERY_WANTED_EVENTS_H_

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "service/delivery/payload_filter.h"

namespace gatehouse::service::delivery {

// Which events an endpoint wants: one of its event_types covers the type, and its payload_filter,
// if it has one, is true of the body. The only place that says so, for the engine and for what
// explains it.
//
// Lives within a call; `event_types` outlives it.
class WantedEvents {
 public:
  // A stored filter was parsed before it was stored. Should this version not understand it any
  // more, all is wanted: better too much than an event lost.
  WantedEvents(std::span<const std::string> event_types, std::string_view payload_filter);

  // Whether the body is looked at.
  bool has_filter() const { return !filter_.is_all(); }

  bool WantsType(std::string_view type) const;
  // Of an event whose type is wanted. `body`: of its deliveries (BuildPayload).
  bool WantsBody(std::string_view body) const;
  // The same of a body that was parsed.
  bool WantsBody(const nlohmann::json& body) const;
  bool Wants(std::string_view type, std::string_view body) const {
    return WantsType(type) && WantsBody(body);
  }

 private:
  std::span<const std::string> event_types_;
  PayloadFilter filter_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_WANTED_EVENTS_H_
