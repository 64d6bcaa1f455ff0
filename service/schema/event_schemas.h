#ifndef GATEHOUSE_SERVICE_SCHEMA_EVENT_SCHEMAS_H_
#define GATEHOUSE_SERVICE_SCHEMA_EVENT_SCHEMAS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/mutex.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/uuid.h"
#include "service/schema/json_schema.h"
#include "storage/event_type/event_type_store.h"

namespace gatehouse::service {

// The schemas of event types, in memory: publishing an event costs no statement for them. Of a
// tenant it knows which types have one, so that those without cost nothing either.
//
// Who changes the catalogue on this instance tells it before the answer; what others change it
// learns by the log (RevocationFollower), and while that is not followed it asks the database each
// time.
//
// Any thread. What it is given outlives it.
class EventSchemas {
 public:
  struct Limits {
    // Beyond either it begins anew.
    size_t max_tenants = 10'000;
    size_t max_weight = size_t{64} << 20;
  };

  // `changes_are_known`: whether what other instances change is known here in time.
  EventSchemas(storage::EventTypeStore& store, std::function<bool()> changes_are_known,
               Limits limits)
      : store_(store), changes_are_known_(std::move(changes_are_known)), limits_(limits) {}
  EventSchemas(storage::EventTypeStore& store, std::function<bool()> changes_are_known)
      : EventSchemas(store, std::move(changes_are_known), Limits()) {}

  using Schemas = std::map<std::string, std::shared_ptr<const JsonSchema>, std::less<>>;
  // Those of `types` that have one. As of the beginning of the call, or later.
  base::Task<absl::StatusOr<Schemas>> Find(base::CallContext ctx, base::Uuid tenant_id,
                                           std::vector<std::string> types);

  // Reads all schemas of a tenant, so that no publisher waits for it. Two statements.
  base::Task<absl::Status> Warm(base::CallContext ctx, base::Uuid tenant_id);

  // The tenant's catalogue was changed, and that is committed.
  void Forget(const base::Uuid& tenant_id);
  // Of every tenant.
  void ForgetAll();

  struct Stats {
    // Since the start: answers from memory, and statements where it did not know all.
    uint64_t hits = 0;
    uint64_t reads = 0;
    // Tenants given up because a limit was reached, since the start.
    uint64_t evictions = 0;
    // Tenants that are known, and the memory of their schemas, roughly.
    size_t tenants = 0;
    size_t weight = 0;
  };
  Stats stats() const;

 private:
  struct Tenant {
    // Another one after each change.
    uint64_t version = 0;
    bool known = false;
    // Of all types that have a schema; null: not read yet.
    Schemas schemas;
    size_t weight = 0;
  };

  // What memory says; nullopt if it does not know all. `version`: what Keep is told afterwards.
  std::optional<Schemas> Recall(const base::Uuid& tenant_id, const std::vector<std::string>& types,
                                uint64_t& version);
  // What was read of a tenant, unless it was changed since Recall.
  void Keep(const base::Uuid& tenant_id, uint64_t version, const Schemas& all);
  // A limit is reached.
  void BeginAnew() GH_REQUIRES(mutex_);

  storage::EventTypeStore& store_;
  const std::function<bool()> changes_are_known_;
  const Limits limits_;
  mutable base::Mutex mutex_;
  std::unordered_map<base::Uuid, Tenant> tenants_ GH_GUARDED_BY(mutex_);
  uint64_t last_version_ GH_GUARDED_BY(mutex_) = 0;
  size_t weight_ GH_GUARDED_BY(mutex_) = 0;
  uint64_t hits_ GH_GUARDED_BY(mutex_) = 0;
  uint64_t reads_ GH_GUARDED_BY(mutex_) = 0;
  uint64_t evictions_ GH_GUARDED_BY(mutex_) = 0;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SCHEMA_EVENT_SCHEMAS_H_
