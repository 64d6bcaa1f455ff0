#include "storage/event_type/event_type_store.h"

#include <utility>

#include "base/status.h"
#include "storage/event_type/queries/event_type_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/sqlstate.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Jsonb;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = event_type::queries;

std::optional<Jsonb> SchemaParam(const EventType& type) {
  if (!type.schema_json) return std::nullopt;
  return Jsonb{*type.schema_json};
}

std::optional<std::string> SchemaAt(RowView row, int column) {
  std::optional<Jsonb> schema = row.Get<std::optional<Jsonb>>(column);
  if (!schema) return std::nullopt;
  return std::move(schema->value);
}

EventType DecodeType(const Uuid& tenant_id, RowView row) {
  return {.tenant_id = tenant_id,
          .name = row.Get<std::string>(0),
          .description = row.Get<std::string>(1),
          .schema_json = SchemaAt(row, 2),
          .create_time = row.Get<Time>(3),
          .update_time = row.Get<Time>(4),
          .version = row.Get<int64_t>(5)};
}

// Says which limit, or what is there already.
absl::Status Explain(absl::Status status) {
  if (base::HasReason(status, base::Reason::kLimitReached)) {
    return base::MakeError(
        absl::StatusCode::kResourceExhausted,
        "there are " + std::to_string(EventTypeStore::kMaxPerTenant) + " event types already",
        {.reason = base::Reason::kLimitReached, .quota = "event types of a tenant"});
  }
  if (postgres::IsUniqueViolation(status, "event_type_pkey")) {
    return base::MakeError(absl::StatusCode::kAlreadyExists,
                           "the catalogue has an event type of that name",
                           {.reason = base::Reason::kIdTaken});
  }
  return status;
}

}  // namespace

Task<absl::Status> EventTypeStore::Create(CallContext ctx, EventType type, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kInsert,
            Params::Of(type.tenant_id, type.name, type.description, SchemaParam(type),
                       type.create_time, type.update_time, type.version, kMaxPerTenant));
  co_return Explain((co_await database_.Run(ctx, std::move(batch))).status());
}

Task<absl::StatusOr<std::optional<EventType>>> EventTypeStore::Get(CallContext ctx, Uuid tenant_id,
                                                                   std::string name) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kGet, Params::Of(tenant_id, name)));
  co_return rows.DecodeOne([&](RowView row) { return DecodeType(tenant_id, row); });
}

Task<absl::StatusOr<std::vector<EventType>>> EventTypeStore::List(CallContext ctx, Uuid tenant_id,
                                                                  std::string after, int64_t limit,
                                                                  int64_t max_bytes) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kList,
                                                  Params::Of(tenant_id, after, limit, max_bytes)));
  co_return rows.Decode([&](RowView row) { return DecodeType(tenant_id, row); });
}

Task<absl::StatusOr<std::vector<EventTypeStore::Schema>>> EventTypeStore::ListSchemas(
    CallContext ctx, Uuid tenant_id, std::vector<std::string> wanted) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kListSchemas,
                                                                   Params::Of(tenant_id, wanted)));
  co_return rows.Decode([](RowView row) {
    return Schema{.name = row.Get<std::string>(0), .json = SchemaAt(row, 1)};
  });
}

Task<absl::Status> EventTypeStore::Update(CallContext ctx, EventType type, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kUpdate, Params::Of(type.tenant_id, type.name, type.version, type.description,
                                         SchemaParam(type), type.update_time));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> EventTypeStore::Delete(CallContext ctx, EventType type, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kDelete, Params::Of(type.tenant_id, type.name, type.version));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

}  // namespace gatehouse::storage
