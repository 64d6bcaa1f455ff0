#ifndef GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_STORE_H_
#define GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/uuid.h"
#include "storage/alert/alert.h"
#include "storage/change.h"
#include "storage/endpoint/endpoint.h"
#include "storage/sealing_keys.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Webhook endpoints. Every change takes effect together with its events.
// Secrets and headers are sealed before they leave the process.
//
// Immutable; every loop of `database`, which outlives it.
class EndpointStore {
 public:
  // `secret`: the server's master secret; a key for this use is derived.
  EndpointStore(postgres::Database& database, const SealingKeys& secret);

  // Endpoints of a tenant. Each is looked at for every event of the tenant.
  static constexpr int64_t kMaxPerTenant = 10'000;

  // `change.events.first()` is the event of the creation: the endpoint gets what
  // comes after it in the log. RESOURCE_EXHAUSTED, LIMIT_REACHED if the tenant
  // has kMaxPerTenant.
  base::Task<absl::Status> Create(base::CallContext ctx, Endpoint endpoint, Change change);

  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<EndpointWithHealth>>> Get(base::CallContext ctx,
                                                                    base::Uuid tenant_id,
                                                                    base::Uuid id);

  struct ListQuery {
    base::Uuid tenant_id;
    // With a smaller id than this, if given.
    std::optional<base::Uuid> before = std::nullopt;
    int64_t limit = 0;
    // Of everything that may be large; the last endpoint returned may go beyond it.
    int64_t max_bytes = 0;
  };
  struct Page {
    // Newest first.
    std::vector<EndpointWithHealth> endpoints;
    // Fewer than `limit`, and than there are, because of max_bytes.
    bool cut = false;
  };
  base::Task<absl::StatusOr<Page>> List(base::CallContext ctx, ListQuery query);

  // What each endpoint of the tenant wants, newest first; those with a smaller id than `before`,
  // if given.
  struct Patterns {
    base::Uuid endpoint_id;
    std::vector<std::string> event_types;
    std::string payload_filter;
  };
  base::Task<absl::StatusOr<std::vector<Patterns>>> ListPatterns(base::CallContext ctx,
                                                                 base::Uuid tenant_id,
                                                                 std::optional<base::Uuid> before,
                                                                 int64_t limit);

  // What else an update means for the endpoint as it was.
  struct Transition {
    // It was not enabled before: its health starts anew, its exceptions are due, and its alerts of
    // failing are resolved.
    bool resume = false;
    // Its receiver is shown another certificate, or none: the alert about that one is resolved.
    bool other_certificate = false;
  };
  // Replaces the settings and the secrets, of which those that have expired are forgotten. ABORTED,
  // ETAG_MISMATCH if the version is not endpoint.version any more.
  base::Task<absl::Status> Update(base::CallContext ctx, Endpoint endpoint, Transition transition,
                                  Change change);

  // With its exceptions; attempts stay until their retention ends, its alerts are resolved.
  // NOT_FOUND, ENDPOINT_NOT_FOUND if there is none; ABORTED, ETAG_MISMATCH if `version` is given
  // and not the current one.
  base::Task<absl::Status> Delete(base::CallContext ctx, base::Uuid tenant_id, base::Uuid id,
                                  std::optional<int64_t> version, Change change);

  // By the deliverer that holds `fence`: ENABLED becomes DISABLED, which is an alert. ABORTED,
  // CONFLICT if it is not enabled or the fence is another's.
  base::Task<absl::Status> Disable(base::CallContext ctx, base::Uuid tenant_id, base::Uuid id,
                                   int64_t fence, std::string reason, base::Time now,
                                   Change change);

  // For the deliverer: every endpoint there is, or those of `tenant_id`.
  base::Task<absl::StatusOr<std::vector<Endpoint>>> ListAll(base::CallContext ctx,
                                                            std::optional<base::Uuid> tenant_id);

  // One whose receiver is shown a certificate.
  struct CertificateHolder {
    base::Uuid endpoint_id;
    int64_t version = 1;
    // PEM.
    std::string certificate;
    // What the unresolved alert about it has told, 0 if nothing yet; nullopt: there is none.
    std::optional<int32_t> told_level;
  };
  // Those of a tenant that come after `after`, by id.
  base::Task<absl::StatusOr<std::vector<CertificateHolder>>> ListCertificates(base::CallContext ctx,
                                                                              base::Uuid tenant_id,
                                                                              base::Uuid after,
                                                                              int64_t limit);
  // Makes an alert of what was noticed of such an endpoint at `version`. ABORTED, CONFLICT if it
  // was changed since, or is gone.
  base::Task<absl::Status> SignalCertificate(base::CallContext ctx, int64_t version,
                                             AlertSignal signal);

  struct Place {
    base::Uuid tenant_id;
    base::Uuid endpoint_id;
  };
  // Of the next `limit` endpoints after `after`: seals under the first master key what is under
  // the second. What somebody changes meanwhile is sealed under the first by that. `change` is not
  // made where there is nothing to do.
  base::Task<absl::StatusOr<Resealed<Place>>> Reseal(base::CallContext ctx, Place after,
                                                     int64_t limit, Change change);

 private:
  postgres::Database& database_;
  SealingKeys key_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_STORE_H_
