#include "storage/event_log/event_row.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/time.h"
#include "storage/postgres/client/values.h"

namespace gatehouse::storage {
namespace {

std::vector<EventTarget> TargetsFromJson(const std::string& text) {
  std::vector<EventTarget> targets;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) throw postgres::DecodeError("event.targets is no array");
  for (const nlohmann::json& target : json) {
    targets.push_back({.type = target.value("type", ""),
                       .id = target.value("id", ""),
                       .label = target.value("label", "")});
  }
  return targets;
}

}  // namespace

LoggedEvent DecodeLoggedEvent(const postgres::RowView& row, int first,
                              const base::Uuid& tenant_id) {
  int column = first;
  LoggedEvent logged;
  Event& event = logged.event;
  event.tenant_id = tenant_id;
  logged.index = row.Get<int64_t>(column++);
  event.id = row.Get<base::Uuid>(column++);
  event.type = row.Get<std::string>(column++);
  event.outcome = static_cast<Outcome>(row.Get<int32_t>(column++));
  event.actor.type = row.Get<std::string>(column++);
  event.actor.id = row.Get<std::string>(column++);
  event.actor.label = row.Get<std::string>(column++);
  event.targets = TargetsFromJson(row.Get<postgres::Jsonb>(column++).value);
  event.ip_address = row.Get<std::string>(column++);
  event.user_agent = row.Get<std::string>(column++);
  event.request_id = row.Get<std::string>(column++);
  event.trace_id = row.Get<std::string>(column++);
  event.session_id = row.Get<std::string>(column++);
  event.details_json = row.Get<postgres::Jsonb>(column++).value;
  event.occurred_time = row.Get<base::Time>(column++);
  event.recorded_time = row.Get<base::Time>(column++);
  logged.leaf_hash = row.Get<postgres::Bytes>(column++).value;
  event.has_envelope = row.Get<bool>(column++);
  return logged;
}

}  // namespace gatehouse::storage
