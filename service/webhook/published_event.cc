#include "service/webhook/published_event.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include "base/status.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/struct.pb.h"
#include "service/common/event_type.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "storage/event_leaf.h"
#include "storage/ordering_key.h"

namespace gatehouse::service {
namespace {

// Refused when it is published, with an error, rather than dropped later.
constexpr size_t kMaxDataBytes = size_t{256} << 10;
// Some times as long as an event takes that waits for nothing: below that, publishing would be
// refused for deliveries that are as fast as they can be.
constexpr base::Duration kMinBacklogAge = std::chrono::milliseconds(50);
constexpr base::Duration kMaxBacklogAge = std::chrono::days(365);

}  // namespace

storage::Event PublishedEvent(const base::CallContext& ctx, base::Time now,
                              const std::string& prefix, const std::string& type,
                              const google::protobuf::Struct& data, FieldChecks& checks) {
  CheckOwnEventType(checks, prefix + "type", type);
  const std::string field = prefix + "data";
  absl::StatusOr<std::string> json = JsonFromStruct(field, data, {.max_bytes = kMaxDataBytes});
  if (data.fields_size() > static_cast<int>(storage::kMaxDetailMembers)) {
    checks.Fail(field, "must have at most " + std::to_string(storage::kMaxDetailMembers) +
                           " members; nest what belongs together");
  }
  if (!checks.Check(json.status())) return {};
  return storage::MakeEvent(ctx, now, type, {}, *std::move(json));
}

void SetOrderingKey(const std::string& prefix, const std::string& ordering_key,
                    storage::Event& event, FieldChecks& checks) {
  if (ordering_key.empty() ||
      !checks.Length(prefix + "ordering_key", ordering_key, 1, storage::kMaxOrderingKeyBytes)) {
    return;
  }
  storage::SetOrderingKey(ordering_key, event);
}

std::optional<base::Duration> MaxBacklogAge(bool given, const google::protobuf::Duration& age,
                                            FieldChecks& checks) {
  if (!given) return std::nullopt;
  const absl::StatusOr<base::Duration> bound = DurationFromProto("max_backlog_age", age);
  if (!checks.Check(bound.status())) return std::nullopt;
  if (*bound != base::Duration(0) && (*bound < kMinBacklogAge || *bound > kMaxBacklogAge)) {
    checks.Fail("max_backlog_age", "must be 0, or between 50 ms and 365 days");
  }
  return *bound;
}

void CheckEventData(const EventSchemas::Schemas& schemas, const std::string& prefix,
                    const std::string& type, const google::protobuf::Struct& data,
                    FieldChecks& checks) {
  const auto schema = schemas.find(type);
  if (schema == schemas.end()) return;
  for (const JsonSchema::Misfit& misfit : schema->second->Check(prefix + "data", data)) {
    checks.Check(base::InvalidField(misfit.path, misfit.what, base::Reason::kEventDataInvalid));
  }
}

}  // namespace gatehouse::service
