#include "service/delivery/payload.h"

#include <chrono>
#include <cstdio>
#include <string_view>

#include "base/text/encoding.h"
#include "service/common/event_type.h"

namespace gatehouse::service::delivery {
namespace {

// `first` is false after the call: the comma before the next member.
void AppendMember(std::string& out, std::string_view name, std::string_view value, bool& first) {
  if (value.empty()) return;
  if (!first) out += ',';
  first = false;
  base::AppendJsonString(name, out);
  out += ':';
  base::AppendJsonString(value, out);
}

void AppendParty(std::string& out, std::string_view type, std::string_view id,
                 std::string_view label) {
  bool first = true;
  out += '{';
  AppendMember(out, "type", type, first);
  AppendMember(out, "id", id, first);
  AppendMember(out, "label", label, first);
  out += '}';
}

std::string_view OutcomeName(storage::Outcome outcome) {
  switch (outcome) {
    case storage::Outcome::kSuccess:
      return "success";
    case storage::Outcome::kFailure:
      return "failure";
    case storage::Outcome::kDenied:
      return "denied";
  }
  return "success";
}

void AppendEnvelope(std::string& out, const storage::Event& event) {
  out += R"({"actor":)";
  AppendParty(out, event.actor.type, event.actor.id, event.actor.label);
  out += R"(,"targets":[)";
  for (size_t i = 0; i < event.targets.size(); ++i) {
    if (i > 0) out += ',';
    AppendParty(out, event.targets[i].type, event.targets[i].id, event.targets[i].label);
  }
  out += R"(],"outcome":)";
  base::AppendJsonString(OutcomeName(event.outcome), out);
  out += R"(,"details":)";
  out += event.details_json;
  out += R"(,"context":{)";
  bool first = true;
  AppendMember(out, "ip_address", event.ip_address, first);
  AppendMember(out, "request_id", event.request_id, first);
  AppendMember(out, "session_id", event.session_id, first);
  AppendMember(out, "trace_id", event.trace_id, first);
  out += "}}";
}

}  // namespace

std::string FormatTimestamp(base::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<base::Duration> clock(time - day);
  char text[64];
  std::snprintf(
      text, sizeof(text), "%04d-%02u-%02uT%02ld:%02ld:%02ld.%06ldZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<long>(clock.hours().count()), static_cast<long>(clock.minutes().count()),
      static_cast<long>(clock.seconds().count()), static_cast<long>(clock.subseconds().count()));
  return text;
}

std::string BuildPayload(const storage::Event& event) {
  std::string out;
  out.reserve(event.details_json.size() + 512);
  out += R"({"type":)";
  base::AppendJsonString(event.type, out);
  out += R"(,"timestamp":")";
  out += FormatTimestamp(event.occurred_time);
  out += R"(","data":)";
  if (event.has_envelope || IsReservedEventType(event.type)) {
    AppendEnvelope(out, event);
  } else {
    out += event.details_json;
  }
  out += '}';
  return out;
}

}  // namespace gatehouse::service::delivery
