#include "service/webhook/endpoint/client_certificate_alerts.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "base/uuid.h"
#include "service/common/json.h"
#include "service/webhook/endpoint/certificate_rules.h"
#include "storage/alert/alert.h"

namespace gatehouse::service {
namespace {

using CertificateHolder = storage::EndpointStore::CertificateHolder;

// A chain takes up to 32 KiB.
constexpr int64_t kPage = 50;

// What there is to tell of it; nullopt: nothing that was not told.
std::optional<storage::AlertSignal> SignalFor(const base::Uuid& tenant_id,
                                              const CertificateHolder& holder, base::Time now,
                                              base::Duration before) {
  const base::Duration left = CertificateExpires(holder.certificate) - now;
  const int32_t level = storage::CertificateLevel(left, before);
  storage::AlertSignal signal{
      .key = {tenant_id, storage::AlertKind::kClientCertificateExpiring, holder.endpoint_id},
      .level = level,
      .time = now};
  if (level > 0) {
    if (level <= holder.told_level.value_or(0)) return std::nullopt;
    const int64_t seconds = std::chrono::floor<std::chrono::seconds>(left).count();
    signal.details_json = JsonObject().AddNumber("expires_in_seconds", seconds).ToString();
    return signal;
  }
  if (!holder.told_level) return std::nullopt;
  signal.over = true;
  signal.resolution = storage::kAlertRecovered;
  return signal;
}

}  // namespace

base::Task<absl::Status> AlertClientCertificates(storage::EndpointStore* endpoints,
                                                 const base::Clock* clock, base::Duration before,
                                                 base::CallContext ctx) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  base::Uuid after;
  for (;;) {
    GH_CO_ASSIGN_OR_RETURN(const std::vector<CertificateHolder> holders,
                           co_await endpoints->ListCertificates(ctx, tenant_id, after, kPage));
    for (const CertificateHolder& holder : holders) {
      const auto signal = SignalFor(tenant_id, holder, clock->Now(), before);
      if (!signal) continue;
      const absl::Status told = co_await endpoints->SignalCertificate(ctx, holder.version, *signal);
      // Somebody has changed the endpoint since: the next turn sees what became of it.
      if (base::HasReason(told, base::Reason::kConflict)) continue;
      GH_CO_RETURN_IF_ERROR(told);
    }
    if (static_cast<int64_t>(holders.size()) < kPage) co_return absl::OkStatus();
    after = holders.back().endpoint_id;
  }
}

}  // namespace gatehouse::service
