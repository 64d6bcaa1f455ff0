#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_STATS_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_STATS_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gatehouse::service::delivery {

// How the attempts of one endpoint went of late: how many succeeded, and how long they took.
// Counted in memory by whoever delivers, and kept with the endpoint's position as some dozen bytes.
//
// It counts in two periods, this one and the one before, so what it tells is of the last
// kPeriod to twice as much. Latencies are counted in buckets that are an eighth of a power of two
// wide: a percentile is at most an eighth too high.
//
// A value; time comes in as a parameter.
class DeliveryStats {
 public:
  static constexpr std::chrono::minutes kPeriod{30};

  DeliveryStats() = default;
  // From Encode; what is damaged or of a later version counts as nothing.
  static DeliveryStats Decode(std::string_view bytes);
  std::string Encode() const;

  void Add(base::Time now, base::Duration latency, bool ok);

  struct Summary {
    int64_t attempts = 0;
    int64_t succeeded = 0;
    // 0 if there are no attempts.
    base::Duration p50{0};
    base::Duration p95{0};
    base::Duration p99{0};
  };
  Summary Summarize(base::Time now) const;

 private:
  struct Period {
    // Since 1970, by number.
    int64_t number = 0;
    int64_t succeeded = 0;
    // By bucket, which are few of the many there are.
    std::map<uint32_t, int64_t> latencies;
  };

  // The current one first.
  std::array<Period, 2> periods_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_DELIVERY_STATS_H_
