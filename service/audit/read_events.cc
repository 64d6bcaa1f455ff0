#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/audit/audit_service.h"
#include "service/audit/event_conversion.h"
#include "service/audit/event_rules.h"
#include "service/common/event_type.h"
#include "service/common/filter.h"
#include "service/common/log_following.h"
#include "service/common/page_size.h"
#include "service/common/validate.h"

namespace gatehouse::service {
namespace {

using storage::EventQuery;
using Op = FilterTerm::Op;

constexpr FilterField kFields[] = {
    {.name = "type", .prefix = true},
    {.name = "actor_id"},
    {.name = "target_id"},
    {.name = "outcome"},
    {.name = "index", .range = true},
    {.name = "occurred_time", .range = true},
};

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Of the years 1 to 9999, which are those of events; Postgres takes not all others.
std::optional<int64_t> ParseMicros(const std::string& text) {
  static const absl::Time kBegin = absl::FromCivil(absl::CivilYear(1), absl::UTCTimeZone());
  static const absl::Time kEnd = absl::FromCivil(absl::CivilYear(10000), absl::UTCTimeZone());
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return std::nullopt;
  if (time < kBegin || time >= kEnd) return std::nullopt;
  return absl::ToUnixMicros(time);
}

// Narrows [low, high] by `op value`; whole numbers, so that < is <= one less.
void Narrow(Op op, int64_t value, int64_t& low, int64_t& high) {
  if (op == Op::kEqual || op == Op::kGreaterOrEqual) low = std::max(low, value);
  if (op == Op::kEqual || op == Op::kLessOrEqual) high = std::min(high, value);
  if (op == Op::kGreater) low = std::max(low, value < INT64_MAX ? value + 1 : value);
  if (op == Op::kLess) high = std::min(high, value > INT64_MIN ? value - 1 : value);
}

absl::Status ApplyOutcome(const std::string& value, EventQuery& query) {
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  if (!v1::Outcome_Parse("OUTCOME_" + value, &outcome) || outcome == v1::OUTCOME_UNSPECIFIED) {
    return InvalidFilter("\"outcome\" is SUCCESS, FAILURE or DENIED");
  }
  query.outcome = static_cast<storage::Outcome>(outcome);
  return absl::OkStatus();
}

absl::Status ApplyTime(const FilterTerm& term, EventQuery& query) {
  const std::optional<int64_t> micros = ParseMicros(term.value);
  if (!micros) {
    return InvalidFilter("\"occurred_time\" is compared with a time like 2026-11-01T00:00:00Z");
  }
  int64_t low = base::ToMicros(query.min_occurred_time);
  int64_t high = base::ToMicros(query.max_occurred_time);
  Narrow(term.op, *micros, low, high);
  query.min_occurred_time = base::TimeFromMicros(low);
  query.max_occurred_time = base::TimeFromMicros(high);
  return absl::OkStatus();
}

absl::Status ApplyType(const FilterTerm& term, EventQuery& query) {
  query.type_is_prefix = term.op == Op::kPrefix;
  // A prefix that more can follow is a type, or one but for its last word.
  const bool is_one = query.type_is_prefix && term.value.ends_with('.')
                          ? IsEventType(term.value.substr(0, term.value.size() - 1))
                          : IsEventType(term.value);
  if (!is_one) return InvalidFilter("no event is of type \"" + term.value.substr(0, 200) + "\"");
  const bool may_match = query.type_is_prefix ? MayBeginType(term.value) : MayExist(term.value);
  if (!may_match) return InvalidFilter("\"type\" " + std::string(kNoSuchEventType));
  query.type = term.value;
  return absl::OkStatus();
}

absl::Status ApplyTerm(const FilterTerm& term, EventQuery& query) {
  if (term.field == "type") {
    return ApplyType(term, query);
  } else if (term.field == "actor_id" || term.field == "target_id") {
    if (term.value.size() > kMaxEventIdBytes) {
      return InvalidFilter(
          absl::StrCat("\"", term.field, "\" has at most ", kMaxEventIdBytes, " bytes"));
    }
    (term.field == "actor_id" ? query.actor_id : query.target_id) = term.value;
  } else if (term.field == "outcome") {
    return ApplyOutcome(term.value, query);
  } else if (term.field == "index") {
    const std::optional<int64_t> index = ParseInteger(term.value);
    if (!index) return InvalidFilter("\"index\" is compared with a whole number");
    Narrow(term.op, *index, query.min_index, query.max_index);
  } else {
    return ApplyTime(term, query);
  }
  if (term.value.empty()) return InvalidFilter("\"" + term.field + "\" needs a value");
  return absl::OkStatus();
}

absl::StatusOr<EventQuery> ParseQuery(const base::Uuid& tenant_id,
                                      const v1::ListEventsRequest& request) {
  EventQuery query{.tenant_id = tenant_id};
  GH_ASSIGN_OR_RETURN(const std::vector<FilterTerm> terms, ParseFilter(request.filter(), kFields));
  for (const FilterTerm& term : terms) GH_RETURN_IF_ERROR(ApplyTerm(term, query));
  if (query.min_index > query.max_index || query.max_index < 1 ||
      query.min_occurred_time > query.max_occurred_time) {
    return InvalidFilter("no event lies between those bounds");
  }
  if (request.order_by() == "index") {
    query.descending = false;
  } else if (!request.order_by().empty() && request.order_by() != "index desc") {
    return base::InvalidField("order_by", "must be \"index desc\" or \"index\"");
  }
  GH_ASSIGN_OR_RETURN(query.limit, PageSize(request.page_size()));
  return query;
}

}  // namespace

AuditService::Result<v1::GetEventResponse> AuditService::GetEvent(base::CallContext ctx,
                                                                  v1::GetEventRequest request) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("event_id", request.event_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::LoggedEvent> event,
                         co_await deps_.log.Get(ctx, ctx.principal().tenant_id, *id));
  if (!event) {
    co_return base::MakeError(
        absl::StatusCode::kNotFound, "There is no event " + id->ToString() + ".",
        {.reason = base::Reason::kEventNotFound, .metadata = {{"event_id", id->ToString()}}});
  }
  v1::GetEventResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(*event, *response.mutable_event()));
  co_return response;
}

AuditService::Result<v1::ListEventsResponse> AuditService::ListEvents(
    base::CallContext ctx, v1::ListEventsRequest request) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  GH_CO_ASSIGN_OR_RETURN(EventQuery query, ParseQuery(tenant_id, request));
  const PageScope scope{.method = ctx.method(),
                        .tenant_id = tenant_id,
                        .query = {request.filter(), request.order_by()}};
  if (!request.page_token().empty()) {
    GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> position,
                           deps_.page_tokens.Open(scope, request.page_token()));
    const int64_t index = ParseInteger(position.at(0)).value_or(0);
    (query.descending ? query.max_index : query.min_index) = index;
  }
  v1::ListEventsResponse response;
  if (query.min_index > query.max_index) co_return response;
  query.freshness = storage::Freshness::kMayLag;
  GH_CO_ASSIGN_OR_RETURN(storage::EventLog::Page page, co_await deps_.log.List(ctx, query));
  // Nothing, though the caller says up to where: perhaps it was there once.
  if (page.events.empty() && query.max_index < INT64_MAX && request.page_token().empty()) {
    GH_CO_ASSIGN_OR_RETURN(const storage::EventLog::Bounds log,
                           co_await deps_.log.ReadBounds(ctx, tenant_id));
    if (query.max_index < log.first) co_return BeforeTheLog(query.max_index, log.first);
  }
  size_t bytes = 0;
  for (const storage::LoggedEvent& event : page.events) {
    v1::Event next;
    GH_CO_RETURN_IF_ERROR(ToProto(event, next));
    bytes += next.ByteSizeLong();
    // The first fits by itself; one more may be large enough to go beyond 4 MiB.
    if (response.events_size() > 0 && bytes > kMaxPageBytes) {
      page.next_index = event.index;
      break;
    }
    response.mutable_events()->Add(std::move(next));
  }
  if (page.next_index) {
    response.set_next_page_token(deps_.page_tokens.Make(scope, {std::to_string(*page.next_index)}));
  }
  co_return response;
}

}  // namespace gatehouse::service
