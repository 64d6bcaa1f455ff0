#include "service/schema/event_schemas.h"

#include "base/status.h"
#include "google/protobuf/struct.pb.h"
#include "service/common/json.h"

namespace gatehouse::service {
namespace {

// What is stored was compiled before it was.
absl::StatusOr<std::shared_ptr<const JsonSchema>> CompileStored(const std::string& name,
                                                                const std::string& json) {
  google::protobuf::Struct schema;
  GH_RETURN_IF_ERROR(StructFromJson(json, &schema));
  absl::StatusOr<std::shared_ptr<const JsonSchema>> compiled =
      JsonSchema::Compile("schema", schema);
  if (compiled.ok()) return compiled;
  return base::InternalError("the schema of event type " + name +
                             " does not compile: " + std::string(compiled.status().message()));
}

// Those of `types` that are in `known`; nullopt if one of them is not read yet.
std::optional<EventSchemas::Schemas> FindIn(const EventSchemas::Schemas& known,
                                            const std::vector<std::string>& types) {
  EventSchemas::Schemas found;
  for (const std::string& type : types) {
    const auto schema = known.find(type);
    if (schema == known.end()) continue;
    if (schema->second == nullptr) return std::nullopt;
    found.insert(*schema);
  }
  return found;
}

}  // namespace

base::Task<absl::StatusOr<EventSchemas::Schemas>> EventSchemas::Find(
    base::CallContext ctx, base::Uuid tenant_id, std::vector<std::string> types) {
  uint64_t version = 0;
  if (std::optional<Schemas> recalled = Recall(tenant_id, types, version)) {
    co_return *std::move(recalled);
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::EventTypeStore::Schema> stored,
                         co_await store_.ListSchemas(ctx, tenant_id, std::move(types)));
  Schemas all;
  Schemas found;
  for (const storage::EventTypeStore::Schema& schema : stored) {
    std::shared_ptr<const JsonSchema>& compiled = all[schema.name];
    if (!schema.json) continue;
    GH_CO_ASSIGN_OR_RETURN(compiled, CompileStored(schema.name, *schema.json));
    found[schema.name] = compiled;
  }
  Keep(tenant_id, version, all);
  co_return found;
}

base::Task<absl::Status> EventSchemas::Warm(base::CallContext ctx, base::Uuid tenant_id) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::EventTypeStore::Schema> named,
                         co_await store_.ListSchemas(ctx, tenant_id, {}));
  std::vector<std::string> types;
  types.reserve(named.size());
  for (const storage::EventTypeStore::Schema& schema : named) types.push_back(schema.name);
  // Without a schema it is enough to know that there is none.
  co_return (co_await Find(ctx, tenant_id, std::move(types))).status();
}

void EventSchemas::ForgetAll() {
  const base::MutexLock lock(mutex_);
  for (auto& [id, tenant] : tenants_) tenant = {.version = ++last_version_};
  weight_ = 0;
}

void EventSchemas::Forget(const base::Uuid& tenant_id) {
  const base::MutexLock lock(mutex_);
  const auto tenant = tenants_.find(tenant_id);
  if (tenant == tenants_.end()) return;
  weight_ -= tenant->second.weight;
  tenant->second = {.version = ++last_version_};
}

std::optional<EventSchemas::Schemas> EventSchemas::Recall(const base::Uuid& tenant_id,
                                                          const std::vector<std::string>& types,
                                                          uint64_t& version) {
  const bool trusted = changes_are_known_();
  const base::MutexLock lock(mutex_);
  auto tenant = tenants_.find(tenant_id);
  if (tenant == tenants_.end()) {
    if (tenants_.size() >= limits_.max_tenants) BeginAnew();
    tenant = tenants_.emplace(tenant_id, Tenant{.version = ++last_version_}).first;
  }
  version = tenant->second.version;
  std::optional<Schemas> found;
  if (trusted && tenant->second.known) found = FindIn(tenant->second.schemas, types);
  ++(found ? hits_ : reads_);
  return found;
}

EventSchemas::Stats EventSchemas::stats() const {
  const base::MutexLock lock(mutex_);
  return {.hits = hits_,
          .reads = reads_,
          .evictions = evictions_,
          .tenants = tenants_.size(),
          .weight = weight_};
}

void EventSchemas::BeginAnew() {
  evictions_ += tenants_.size();
  tenants_.clear();
  weight_ = 0;
}

void EventSchemas::Keep(const base::Uuid& tenant_id, uint64_t version, const Schemas& all) {
  const base::MutexLock lock(mutex_);
  const auto tenant = tenants_.find(tenant_id);
  // Changed, or thrown out with others, while it was read: what was read may be old.
  if (tenant == tenants_.end() || tenant->second.version != version) return;
  size_t added = 0;
  for (const auto& [name, schema] : all) {
    std::shared_ptr<const JsonSchema>& known = tenant->second.schemas[name];
    if (schema == nullptr || known != nullptr) continue;
    known = schema;
    added += schema->weight();
  }
  tenant->second.known = true;
  tenant->second.weight += added;
  weight_ += added;
  if (weight_ > limits_.max_weight) BeginAnew();
}

}  // namespace gatehouse::service
