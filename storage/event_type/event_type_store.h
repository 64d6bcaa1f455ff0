#ifndef GATEHOUSE_STORAGE_EVENT_TYPE_EVENT_TYPE_STORE_H_
#define GATEHOUSE_STORAGE_EVENT_TYPE_EVENT_TYPE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/event_type/event_type.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// The catalogue of event types. Every change takes effect together with its events. Nothing else
// refers to it: events, and the patterns of endpoints, may name types that are not in it.
//
// Stateless; every loop of `database`, which outlives it.
class EventTypeStore {
 public:
  explicit EventTypeStore(postgres::Database& database) : database_(database) {}

  // Types of a tenant. Which of them have a schema is kept in memory.
  static constexpr int64_t kMaxPerTenant = 1'000;

  // ALREADY_EXISTS, ID_TAKEN if there is one of that name; RESOURCE_EXHAUSTED, LIMIT_REACHED if the
  // tenant has kMaxPerTenant.
  base::Task<absl::Status> Create(base::CallContext ctx, EventType type, Change change);

  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<EventType>>> Get(base::CallContext ctx,
                                                           base::Uuid tenant_id, std::string name);

  // By name; those after `after`. Fewer than `limit` only if there are no more, or if their schemas
  // have at least `max_bytes`.
  base::Task<absl::StatusOr<std::vector<EventType>>> List(base::CallContext ctx,
                                                          base::Uuid tenant_id, std::string after,
                                                          int64_t limit, int64_t max_bytes);

  // Every type of the tenant that has a schema, of `wanted` with it.
  struct Schema {
    std::string name;
    std::optional<std::string> json;
  };
  base::Task<absl::StatusOr<std::vector<Schema>>> ListSchemas(base::CallContext ctx,
                                                              base::Uuid tenant_id,
                                                              std::vector<std::string> wanted);

  // Replaces description and schema. ABORTED, ETAG_MISMATCH if the version is not type.version any
  // more, or there is none.
  base::Task<absl::Status> Update(base::CallContext ctx, EventType type, Change change);

  // As Update.
  base::Task<absl::Status> Delete(base::CallContext ctx, EventType type, Change change);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_TYPE_EVENT_TYPE_STORE_H_
