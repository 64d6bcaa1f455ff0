#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_ITEM_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_ITEM_H_

#include <cstdint>
#include <memory>
#include <string>

#include "base/uuid.h"

namespace gatehouse::service::delivery {

// An event on its way to one endpoint.
struct DeliveryItem {
  int64_t index = 0;
  base::Uuid event_id;
  std::string type;
  // Events of one key go one after the other; empty: in no order.
  std::string ordering_key = {};
  std::shared_ptr<const std::string> body;
  // Made before this one, as its exception counts them.
  int32_t attempts = 0;
  // It has an exception: the endpoint's position is past it.
  bool is_retry = false;
  // Sent through an open breaker, to see whether the receiver is back.
  bool is_canary = false;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_ITEM_H_
