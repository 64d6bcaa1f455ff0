#include "service/tenant/tenant_fields.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/status.h"
#include "base/text/domain_name.h"
#include "gatehouse/v1/tenant.pb.h"
#include "google/protobuf/struct.pb.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "storage/canonical_json.h"
#include "storage/event.h"
#include "storage/tenant_event.h"

namespace gatehouse::service {
namespace {

using storage::Tenant;
using storage::TenantState;

constexpr size_t kMaxDisplayNameBytes = 200;
constexpr size_t kMaxMovedToBytes = 256;
constexpr int kMaxLabels = 32;
constexpr size_t kMaxLabelKeyBytes = 63;
constexpr size_t kMaxLabelValueBytes = 256;

bool IsLabelKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxLabelKeyBytes && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

void ApplyHostNames(const v1::Tenant& proto, Tenant& tenant, FieldChecks& checks) {
  if (static_cast<size_t>(proto.host_names_size()) > storage::kMaxTenantHosts) {
    checks.Fail("tenant.host_names", "must be at most 16");
    return;
  }
  std::set<std::string> hosts;
  for (int i = 0; i < proto.host_names_size(); ++i) {
    std::optional<base::DomainName> name = base::ParseDomainName(proto.host_names(i));
    if (name) {
      hosts.insert(std::move(name->ascii));
    } else {
      checks.Fail("tenant.host_names[" + std::to_string(i) + "]",
                  "must be a domain name, without a port");
    }
  }
  tenant.host_names.assign(hosts.begin(), hosts.end());
}

void ApplyState(v1::TenantState state, Tenant& tenant, FieldChecks& checks) {
  switch (state) {
    case v1::TENANT_STATE_UNSPECIFIED:
      return;
    case v1::TENANT_STATE_ACTIVE:
    case v1::TENANT_STATE_FROZEN:
    case v1::TENANT_STATE_MOVED:
      tenant.state = static_cast<TenantState>(state);
      break;
    default:
      checks.Fail("tenant.state", "must be ACTIVE, FROZEN or MOVED");
  }
  if (tenant.id == base::kDefaultTenantId && tenant.state != TenantState::kActive) {
    checks.Fail("tenant.state", "must be ACTIVE: the default tenant is the operator's own");
  }
}

void ApplyLabels(const v1::Tenant& proto, Tenant& tenant, FieldChecks& checks) {
  if (proto.labels_size() > kMaxLabels) {
    checks.Fail("tenant.labels", "must be at most 32");
    return;
  }
  // In one order, so that equal labels have equal texts.
  const std::map<std::string, std::string> labels(proto.labels().begin(), proto.labels().end());
  JsonObject json;
  for (const auto& [key, value] : labels) {
    if (!IsLabelKey(key)) {
      checks.Fail("tenant.labels",
                  "must have keys of 1 to 63 lower-case letters, digits, '.', '_' and '-'");
      return;
    }
    if (!checks.Length("tenant.labels[" + key + "]", value, 0, kMaxLabelValueBytes)) return;
    json.Add(key, value);
  }
  tenant.labels_json = json.ToString();
}

void ApplyField(std::string_view field, const v1::Tenant& proto, Tenant& tenant,
                FieldChecks& checks) {
  if (field == "display_name") {
    if (checks.Length("tenant.display_name", proto.display_name(), 0, kMaxDisplayNameBytes)) {
      tenant.display_name = proto.display_name();
    }
  } else if (field == "host_names") {
    ApplyHostNames(proto, tenant, checks);
  } else if (field == "state") {
    ApplyState(proto.state(), tenant, checks);
  } else if (field == "moved_to") {
    if (checks.Length("tenant.moved_to", proto.moved_to(), 0, kMaxMovedToBytes)) {
      tenant.moved_to = proto.moved_to();
    }
  } else if (field == "labels") {
    ApplyLabels(proto, tenant, checks);
  }
}

}  // namespace

void ApplyTenantFields(const v1::Tenant& proto, std::span<const std::string> fields, Tenant& tenant,
                       FieldChecks& checks) {
  for (const std::string& field : fields) ApplyField(field, proto, tenant, checks);
  if (tenant.state == TenantState::kMoved) return;
  const bool asked = std::ranges::find(fields, "moved_to") != fields.end();
  if (asked && !proto.moved_to().empty()) {
    checks.Fail("tenant.moved_to", "goes with the state MOVED alone");
  }
  tenant.moved_to.clear();
}

std::vector<std::string> ChangedTenantFields(const Tenant& before, const Tenant& after) {
  const bool changed[] = {
      before.display_name != after.display_name, before.host_names != after.host_names,
      before.state != after.state, before.moved_to != after.moved_to,
      // jsonb gives back other blanks and another order of members than it was given.
      storage::CanonicalJson(before.labels_json) != storage::CanonicalJson(after.labels_json)};
  std::vector<std::string> fields;
  for (size_t i = 0; i < kTenantFields.size(); ++i) {
    if (changed[i]) fields.emplace_back(kTenantFields[i]);
  }
  return fields;
}

absl::Status ToProto(const Tenant& tenant, v1::Tenant& out) {
  out.set_id(tenant.id.ToString());
  out.set_name(tenant.name);
  out.set_display_name(tenant.display_name);
  out.mutable_host_names()->Assign(tenant.host_names.begin(), tenant.host_names.end());
  out.set_state(static_cast<v1::TenantState>(tenant.state));
  out.set_moved_to(tenant.moved_to);
  google::protobuf::Struct labels;
  GH_RETURN_IF_ERROR(StructFromJson(tenant.labels_json, &labels));
  for (const auto& [key, value] : labels.fields()) {
    (*out.mutable_labels())[key] = value.string_value();
  }
  SetTimestamp(tenant.create_time, out.mutable_create_time());
  SetTimestamp(tenant.update_time, out.mutable_update_time());
  out.set_etag(MakeEtag(tenant.version));
  return absl::OkStatus();
}

std::string_view TenantStateName(TenantState state) {
  switch (state) {
    case TenantState::kActive:
      return "ACTIVE";
    case TenantState::kFrozen:
      return "FROZEN";
    case TenantState::kMoved:
      return "MOVED";
  }
  return "";
}

storage::ChangeEvents TenantEvents(const base::CallContext& ctx, base::Time now,
                                   std::string_view type, const Tenant& tenant,
                                   const std::string& details_json) {
  const storage::Event event = storage::MakeEvent(
      ctx, now, std::string(type),
      {{.type = "tenant", .id = tenant.id.ToString(), .label = tenant.name}}, details_json);
  storage::ChangeEvents events(event);
  if (event.tenant_id != tenant.id) events.Add(storage::ForTenant(event, tenant.id));
  return events;
}

}  // namespace gatehouse::service
