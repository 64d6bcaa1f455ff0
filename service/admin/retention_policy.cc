#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/admin_retention.pb.h"
#include "service/admin/admin_service.h"
#include "service/admin/operator_rules.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/field_mask.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/retention/retention_periods.h"
#include "storage/after_change.h"
#include "storage/event.h"
#include "storage/event_types.h"
#include "storage/retention/tenant_retention.h"
#include "storage/tenant_event.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Time;
using base::Uuid;
using storage::TenantPeriods;
using storage::TenantRetention;

constexpr int32_t kMostDays = 36'500;

// One field of days, in all its shapes.
struct Field {
  std::string_view name;
  RetentionPolicy policy;
  std::optional<int32_t> TenantPeriods::* kept;
  int32_t least;
  bool (v1::RetentionPolicy::*has)() const;
  int32_t (v1::RetentionPolicy::*get)() const;
  void (v1::RetentionPolicy::*set)(int32_t);
};

// Of replays 30 days are promised, as in the settings.
constexpr std::array<Field, 5> kFields = {{
    {"events_days", RetentionPolicy::kEvents, &TenantPeriods::events, 7,
     &v1::RetentionPolicy::has_events_days, &v1::RetentionPolicy::events_days,
     &v1::RetentionPolicy::set_events_days},
    {"ended_sessions_days", RetentionPolicy::kEndedSessions, &TenantPeriods::ended_sessions, 1,
     &v1::RetentionPolicy::has_ended_sessions_days, &v1::RetentionPolicy::ended_sessions_days,
     &v1::RetentionPolicy::set_ended_sessions_days},
    {"replays_days", RetentionPolicy::kReplays, &TenantPeriods::replays, 30,
     &v1::RetentionPolicy::has_replays_days, &v1::RetentionPolicy::replays_days,
     &v1::RetentionPolicy::set_replays_days},
    {"alerts_days", RetentionPolicy::kAlerts, &TenantPeriods::alerts, 1,
     &v1::RetentionPolicy::has_alerts_days, &v1::RetentionPolicy::alerts_days,
     &v1::RetentionPolicy::set_alerts_days},
    {"messages_days", RetentionPolicy::kMessages, &TenantPeriods::messages, 1,
     &v1::RetentionPolicy::has_messages_days, &v1::RetentionPolicy::messages_days,
     &v1::RetentionPolicy::set_messages_days},
}};

constexpr std::array<std::string_view, kFields.size()> kNames = [] {
  std::array<std::string_view, kFields.size()> names;
  for (size_t i = 0; i < kFields.size(); ++i) names[i] = kFields[i].name;
  return names;
}();

// As the installation keeps it; 0: for ever.
int32_t DaysOf(const RetentionPeriods& periods, RetentionPolicy policy) {
  const auto period = periods[policy];
  if (!period) return 0;
  return static_cast<int32_t>(std::chrono::ceil<std::chrono::days>(*period).count());
}

// What is wrong with so many days; empty if nothing is.
std::string FaultOf(const Field& field, int32_t days, const RetentionPeriods& periods) {
  if (days == 0) return "";
  int32_t least = field.least;
  if (field.policy == RetentionPolicy::kEvents) {
    const int32_t all = DaysOf(periods, field.policy);
    if (all == 0) return "must be 0: the installation keeps events for ever";
    least = std::max(least, all);
  }
  if (days >= least && days <= kMostDays) return "";
  return "must be 0, for ever, or a number of days from " + std::to_string(least) + " to " +
         std::to_string(kMostDays);
}

void ToProto(const TenantRetention& row, v1::RetentionPolicy& out) {
  for (const Field& field : kFields) {
    if (const std::optional<int32_t> days = row.periods.*field.kept) (out.*field.set)(*days);
  }
  if (row.version > 0) SetTimestamp(row.update_time, out.mutable_update_time());
  out.set_etag(MakeEtag(row.version));
}

template <typename Response>
Response AnswerFor(const TenantRetention& row, const RetentionPeriods& periods) {
  Response response;
  ToProto(row, *response.mutable_policy());
  ToProto(row, *response.mutable_effective());
  v1::RetentionPolicy& effective = *response.mutable_effective();
  for (const Field& field : kFields) {
    const int32_t all = DaysOf(periods, field.policy);
    // The settings may have come to keep more since it was said.
    const bool is_less = field.policy == RetentionPolicy::kEvents &&
                         (all == 0 || (effective.*field.get)() < all) &&
                         (effective.*field.get)() != 0;
    if (!(effective.*field.has)() || is_less) (effective.*field.set)(all);
  }
  return response;
}

std::vector<std::string> ChangedFields(const TenantPeriods& before, const TenantPeriods& after) {
  std::vector<std::string> changed;
  for (const Field& field : kFields) {
    if (before.*field.kept != after.*field.kept) changed.emplace_back(field.name);
  }
  return changed;
}

std::string DetailsOf(const std::vector<std::string>& changed, const TenantPeriods& periods) {
  JsonObject details;
  details.Add("fields", changed);
  for (const Field& field : kFields) {
    if (const std::optional<int32_t> days = periods.*field.kept)
      details.AddNumber(field.name, *days);
  }
  return details.ToString();
}

// For the operator's log, and the tenant's own.
storage::ChangeEvents EventsOf(const CallContext& ctx, Time now, const Uuid& tenant_id,
                               std::string details) {
  storage::Event event = storage::MakeEvent(
      ctx, now, std::string(storage::event_types::kRetentionUpdated),
      {{.type = "tenant", .id = tenant_id.ToString(), .label = ""}}, std::move(details));
  storage::ChangeEvents events(event);
  if (event.tenant_id != tenant_id) events.Add(storage::ForTenant(event, tenant_id));
  return events;
}

}  // namespace

AdminService::Result<v1::GetRetentionPolicyResponse> AdminService::GetRetentionPolicy(
    CallContext ctx, v1::GetRetentionPolicyRequest request) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  GH_CO_ASSIGN_OR_RETURN(const Uuid tenant_id, TenantOf(request.tenant_id()));
  GH_CO_ASSIGN_OR_RETURN(const TenantRetention row,
                         co_await deps_.retention.GetTenant(std::move(ctx), tenant_id));
  co_return AnswerFor<v1::GetRetentionPolicyResponse>(row, deps_.retention_periods);
}

AdminService::Result<v1::UpdateRetentionPolicyResponse> AdminService::UpdateRetentionPolicy(
    CallContext ctx, v1::UpdateRetentionPolicyRequest request, MutationKey key) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminWrite));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                         ResolveMask("update_mask", request.update_mask(), kNames));
  const v1::RetentionPolicy& asked = request.policy();
  FieldChecks checks;
  for (const Field& field : kFields) {
    if (std::ranges::find(fields, field.name) == fields.end() || !(asked.*field.has)()) continue;
    const std::string fault = FaultOf(field, (asked.*field.get)(), deps_.retention_periods);
    if (!fault.empty()) checks.Fail("policy." + std::string(field.name), fault);
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const Uuid tenant_id, TenantOf(request.tenant_id()));
  for (ChangeAttempts attempts(asked.etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const TenantRetention current,
                           co_await deps_.retention.GetTenant(ctx, tenant_id));
    GH_CO_RETURN_IF_ERROR(CheckEtag(asked.etag(), current.version));
    TenantRetention next = current;
    for (const Field& field : kFields) {
      if (std::ranges::find(fields, field.name) == fields.end()) continue;
      next.periods.*field.kept =
          (asked.*field.has)() ? std::optional((asked.*field.get)()) : std::nullopt;
    }
    using Response = v1::UpdateRetentionPolicyResponse;
    const Time now = deps_.clock.Now();
    const std::vector<std::string> changed = ChangedFields(current.periods, next.periods);
    if (changed.empty()) {
      co_return co_await deps_.once.Unchanged(
          ctx, key, now, AnswerFor<Response>(current, deps_.retention_periods));
    }
    next.update_time = now;
    const Response response =
        AnswerFor<Response>(storage::AfterChange(next), deps_.retention_periods);
    if (request.validate_only()) co_return response;
    storage::Change change{
        .events = EventsOf(ctx, now, tenant_id, DetailsOf(changed, next.periods)),
        .idempotency = key.WithResponse(response, now)};
    const absl::Status updated =
        co_await deps_.retention.PutTenant(ctx, std::move(next), std::move(change));
    if (attempts.Outrun(updated)) continue;
    GH_CO_RETURN_IF_ERROR(updated);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("retention policy");
}

}  // namespace gatehouse::service
