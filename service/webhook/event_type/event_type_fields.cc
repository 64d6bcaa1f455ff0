#include "service/webhook/event_type/event_type_fields.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/built_in_event_types.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/schema/json_schema.h"
#include "storage/canonical_json.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxDescriptionBytes = 2'000;
constexpr std::string_view kSchemaField = "event_type.schema";

void ApplySchema(const v1::EventType& from, storage::EventType& to, FieldChecks& checks) {
  to.schema_json.reset();
  if (!from.has_schema()) return;
  if (!checks.Check(JsonSchema::Compile(kSchemaField, from.schema()).status())) return;
  absl::StatusOr<std::string> json =
      JsonFromStruct(kSchemaField, from.schema(), {.max_bytes = JsonSchema::kMaxBytes});
  if (checks.Check(json.status())) to.schema_json = *std::move(json);
}

std::optional<std::string> Canonical(const std::optional<std::string>& json) {
  if (!json) return std::nullopt;
  return storage::CanonicalJson(*json);
}

}  // namespace

void ApplyEventTypeFields(const v1::EventType& from, std::span<const std::string> fields,
                          storage::EventType& to, FieldChecks& checks) {
  for (const std::string& field : fields) {
    if (field == "description") {
      to.description = from.description();
      checks.Length("event_type.description", to.description, 0, kMaxDescriptionBytes);
    } else if (field == "schema") {
      ApplySchema(from, to, checks);
    }
  }
}

std::vector<std::string> ChangedEventTypeFields(const storage::EventType& before,
                                                const storage::EventType& after) {
  std::vector<std::string> changed;
  if (before.description != after.description) changed.emplace_back("description");
  if (Canonical(before.schema_json) != Canonical(after.schema_json)) changed.emplace_back("schema");
  return changed;
}

const BuiltInEventType* FindBuiltInEventType(std::string_view name) {
  const auto found = std::ranges::find(kBuiltInEventTypes, name, &BuiltInEventType::name);
  return found == std::end(kBuiltInEventTypes) ? nullptr : &*found;
}

absl::Status ToProto(const storage::EventType& from, v1::EventType& to) {
  to.set_name(from.name);
  to.set_description(from.description);
  if (from.schema_json) {
    GH_RETURN_IF_ERROR(StructFromJson(*from.schema_json, to.mutable_schema()));
  }
  SetTimestamp(from.create_time, to.mutable_create_time());
  SetTimestamp(from.update_time, to.mutable_update_time());
  to.set_etag(MakeEtag(from.version));
  return absl::OkStatus();
}

void ToProto(const BuiltInEventType& from, v1::EventType& to) {
  to.set_name(std::string(from.name));
  to.set_description(std::string(from.description));
  to.set_built_in(true);
}

storage::Event EventTypeEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                              const storage::EventType& about, std::string details_json) {
  return storage::MakeEvent(ctx, now, std::string(type),
                            {{.type = "event_type", .id = about.name, .label = ""}},
                            std::move(details_json));
}

}  // namespace gatehouse::service
