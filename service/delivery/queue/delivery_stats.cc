#include "service/delivery/queue/delivery_stats.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

namespace gatehouse::service::delivery {
namespace {

constexpr uint8_t kVersion = 1;
// Latencies are counted in units of 64 us: the fastest receivers take longer.
constexpr int kUnitBits = 6;
// Buckets of a power of two: 2^3.
constexpr int kSubBits = 3;
constexpr uint64_t kSub = uint64_t{1} << kSubBits;
// More than the longest timeout, in units.
constexpr uint64_t kMaxUnits = (uint64_t{1} << 21) - 1;
// Of a number of seven bits a byte.
constexpr int kMaxVarintBytes = 10;

uint32_t BucketOf(base::Duration latency) {
  const auto micros = static_cast<uint64_t>(std::max<int64_t>(latency.count(), 0));
  const uint64_t units = std::min(micros >> kUnitBits, kMaxUnits);
  if (units < kSub) return static_cast<uint32_t>(units);
  const int shift = std::bit_width(units) - 1 - kSubBits;
  return static_cast<uint32_t>(kSub * static_cast<uint64_t>(shift + 1) + (units >> shift) - kSub);
}

// The highest latency of a bucket.
base::Duration UpperBound(uint32_t bucket) {
  const uint64_t group = bucket / kSub;
  const int shift = group == 0 ? 0 : static_cast<int>(group) - 1;
  const uint64_t first = (group == 0 ? 0 : kSub) + bucket % kSub;
  return base::Duration(static_cast<int64_t>((((first + 1) << shift) << kUnitBits) - 1));
}

constexpr uint32_t kBuckets = 160;

int64_t NumberOf(base::Time now) {
  return std::chrono::floor<std::chrono::duration<int64_t, std::ratio<1800>>>(
             now.time_since_epoch())
      .count();
}

void PutNumber(std::string& out, uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>((number & 0x7f) | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}

std::optional<uint64_t> TakeNumber(std::string_view& in) {
  uint64_t number = 0;
  for (int i = 0; i < kMaxVarintBytes && !in.empty(); ++i) {
    const auto byte = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    number |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) return number;
  }
  return std::nullopt;
}

}  // namespace

static_assert(DeliveryStats::kPeriod == std::chrono::seconds(1800));

DeliveryStats DeliveryStats::Decode(std::string_view bytes) {
  if (bytes.empty() || static_cast<uint8_t>(bytes.front()) != kVersion) return {};
  bytes.remove_prefix(1);
  DeliveryStats stats;
  for (Period& period : stats.periods_) {
    const std::optional<uint64_t> number = TakeNumber(bytes);
    const std::optional<uint64_t> succeeded = TakeNumber(bytes);
    const std::optional<uint64_t> size = TakeNumber(bytes);
    if (!number || !succeeded || !size || *size > kBuckets) return {};
    period.number = static_cast<int64_t>(*number);
    period.succeeded = static_cast<int64_t>(*succeeded);
    for (uint64_t i = 0; i < *size; ++i) {
      const std::optional<uint64_t> bucket = TakeNumber(bytes);
      const std::optional<uint64_t> count = TakeNumber(bytes);
      if (!bucket || !count || *bucket >= kBuckets) return {};
      period.latencies[static_cast<uint32_t>(*bucket)] = static_cast<int64_t>(*count);
    }
  }
  return stats;
}

std::string DeliveryStats::Encode() const {
  std::string bytes(1, static_cast<char>(kVersion));
  for (const Period& period : periods_) {
    PutNumber(bytes, static_cast<uint64_t>(period.number));
    PutNumber(bytes, static_cast<uint64_t>(period.succeeded));
    PutNumber(bytes, period.latencies.size());
    for (const auto& [bucket, count] : period.latencies) {
      PutNumber(bytes, bucket);
      PutNumber(bytes, static_cast<uint64_t>(count));
    }
  }
  return bytes;
}

void DeliveryStats::Add(base::Time now, base::Duration latency, bool ok) {
  const int64_t number = NumberOf(now);
  if (periods_[0].number != number) {
    periods_[1] = std::exchange(periods_[0], Period{.number = number});
  }
  if (ok) ++periods_[0].succeeded;
  ++periods_[0].latencies[BucketOf(latency)];
}

DeliveryStats::Summary DeliveryStats::Summarize(base::Time now) const {
  Summary summary;
  std::map<uint32_t, int64_t> latencies;
  for (const Period& period : periods_) {
    if (period.number < NumberOf(now) - 1) continue;
    summary.succeeded += period.succeeded;
    for (const auto& [bucket, count] : period.latencies) {
      latencies[bucket] += count;
      summary.attempts += count;
    }
  }
  const std::array<std::pair<base::Duration*, int64_t>, 3> wanted = {
      {{&summary.p50, 50}, {&summary.p95, 95}, {&summary.p99, 99}}};
  for (const auto& [latency, percent] : wanted) {
    // The smallest latency that so many are not above.
    int64_t left = (summary.attempts * percent + 99) / 100;
    for (const auto& [bucket, count] : latencies) {
      left -= count;
      *latency = UpperBound(bucket);
      if (left <= 0) break;
    }
  }
  return summary;
}

}  // namespace gatehouse::service::delivery
