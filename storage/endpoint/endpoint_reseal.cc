#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "storage/endpoint/endpoint_sealing.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/endpoint/queries/endpoint_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {

using base::CallContext;
using base::Task;
using base::Uuid;
using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = endpoint::queries;

namespace {

// The columns with what is sealed, as they are and as they are to be.
struct SealedEndpoint {
  EndpointStore::Place key;
  Bytes headers;
  std::vector<Bytes> secrets;
  std::vector<Bytes> key_pairs;
  std::optional<Bytes> client_key;
};

// Whether it was under the second key.
absl::StatusOr<bool> ResealOne(const SealingKeys& keys, const std::string& context, Bytes& sealed) {
  GH_ASSIGN_OR_RETURN(std::optional<std::string> resealed, keys.Reseal(context, sealed.value));
  if (!resealed) return false;
  sealed.value = *std::move(resealed);
  return true;
}

// How many of its values were under the second key.
absl::StatusOr<int64_t> ResealAll(const SealingKeys& keys, SealedEndpoint& endpoint) {
  const auto context = [&](std::string_view what) {
    return EndpointSealContext(what, endpoint.key.tenant_id, endpoint.key.endpoint_id);
  };
  int64_t count = 0;
  GH_ASSIGN_OR_RETURN(const bool headers, ResealOne(keys, context("headers"), endpoint.headers));
  count += headers ? 1 : 0;
  for (Bytes& secret : endpoint.secrets) {
    GH_ASSIGN_OR_RETURN(const bool one, ResealOne(keys, context("secret"), secret));
    count += one ? 1 : 0;
  }
  for (Bytes& pair : endpoint.key_pairs) {
    GH_ASSIGN_OR_RETURN(const bool one, ResealOne(keys, context("key pair"), pair));
    count += one ? 1 : 0;
  }
  if (endpoint.client_key) {
    GH_ASSIGN_OR_RETURN(const bool one,
                        ResealOne(keys, context("client key"), *endpoint.client_key));
    count += one ? 1 : 0;
  }
  return count;
}

}  // namespace

Task<absl::StatusOr<Resealed<EndpointStore::Place>>> EndpointStore::Reseal(CallContext ctx,
                                                                           Place after,
                                                                           int64_t limit,
                                                                           Change change) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListSealed,
                               Params::Of(after.tenant_id, after.endpoint_id, limit)));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<SealedEndpoint> endpoints, rows.Decode([](RowView row) {
    return SealedEndpoint{.key = {row.Get<Uuid>(0), row.Get<Uuid>(1)},
                          .headers = row.Get<Bytes>(2),
                          .secrets = row.Get<std::vector<Bytes>>(3),
                          .key_pairs = row.Get<std::vector<Bytes>>(4),
                          .client_key = row.Get<std::optional<Bytes>>(5)};
  }));
  Resealed<Place> found{.looked_at = static_cast<int64_t>(endpoints.size())};
  Batch batch;
  postgres::AppendChange(batch, change);
  for (const SealedEndpoint& before : endpoints) {
    SealedEndpoint after_it = before;
    GH_CO_ASSIGN_OR_RETURN(const int64_t count, ResealAll(key_, after_it));
    if (count == 0) continue;
    found.resealed += count;
    batch.Add(queries::kReseal,
              Params::Of(before.key.tenant_id, before.key.endpoint_id, after_it.headers,
                         after_it.secrets, after_it.key_pairs, after_it.client_key, before.headers,
                         before.secrets, before.key_pairs, before.client_key));
  }
  if (found.looked_at == limit) found.next = endpoints.back().key;
  if (found.resealed > 0) {
    GH_CO_RETURN_IF_ERROR((co_await database_.Run(ctx, std::move(batch))).status());
  }
  co_return found;
}

}  // namespace gatehouse::storage
