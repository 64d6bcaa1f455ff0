#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "storage/alert/alert_batch.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/endpoint/queries/endpoint_queries.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {

using base::CallContext;
using base::Task;
using base::Uuid;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = endpoint::queries;

Task<absl::StatusOr<std::vector<EndpointStore::CertificateHolder>>> EndpointStore::ListCertificates(
    CallContext ctx, Uuid tenant_id, Uuid after, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(
          ctx, queries::kListCertificates,
          Params::Of(tenant_id, after, static_cast<int32_t>(AlertKind::kClientCertificateExpiring),
                     limit)));
  co_return rows.Decode([](RowView row) {
    return CertificateHolder{.endpoint_id = row.Get<Uuid>(0),
                             .version = row.Get<int64_t>(1),
                             .certificate = row.Get<std::string>(2),
                             .told_level = row.Get<std::optional<int32_t>>(3)};
  });
}

Task<absl::Status> EndpointStore::SignalCertificate(CallContext ctx, int64_t version,
                                                    AlertSignal signal) {
  postgres::Batch batch;
  batch.Add(queries::kRequireUnchanged,
            Params::Of(signal.key.tenant_id, signal.key.endpoint_id, version));
  AppendAlerts(batch, ctx, {std::move(signal)});
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

}  // namespace gatehouse::storage
