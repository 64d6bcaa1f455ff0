#include "service/webhook/endpoint/transport_fields.h"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/timestamps.h"
#include "service/delivery/queue/retry_schedule.h"
#include "service/webhook/endpoint/certificate_rules.h"

namespace gatehouse::service {
namespace {

using std::chrono::milliseconds;

constexpr double kMinPerSecond = 0.01;
constexpr double kMaxPerSecond = 1'000;
constexpr int32_t kMaxBurst = 1'000;

int32_t DefaultBurst(double per_second) { return static_cast<int32_t>(std::ceil(per_second)); }

void ApplyPerSecond(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  const double asked = from.max_per_second();
  // Not a number fails both.
  if (asked != 0 && !(asked >= kMinPerSecond && asked <= kMaxPerSecond)) {
    checks.Fail("endpoint.max_per_second", "must be 0, or 0.01 to 1,000");
    return;
  }
  // A burst that nobody set goes with the rate, and none is without one.
  const bool by_default = to.max_burst == DefaultBurst(to.max_per_second);
  to.max_per_second = asked;
  if (by_default || asked == 0) to.max_burst = DefaultBurst(asked);
}

void ApplyBurst(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  const int32_t asked = from.max_burst();
  if (asked == 0) {
    to.max_burst = DefaultBurst(to.max_per_second);
  } else if (asked < 0 || asked > kMaxBurst) {
    checks.Fail("endpoint.max_burst", "must be 1 to 1,000");
  } else if (to.max_per_second == 0) {
    checks.Fail("endpoint.max_burst", "needs max_per_second");
  } else {
    to.max_burst = asked;
  }
}

void ApplySchedule(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  to.retry_delays.reset();
  if (!from.has_retry_schedule()) return;
  const std::string field = "endpoint.retry_schedule.delays";
  const v1::RetrySchedule& schedule = from.retry_schedule();
  if (static_cast<size_t>(schedule.delays_size()) > delivery::kMaxRetryDelays) {
    checks.Fail(field, "must be at most 20");
    return;
  }
  std::vector<milliseconds> delays;
  base::Duration total{0};
  for (int i = 0; i < schedule.delays_size(); ++i) {
    const std::string of_one = field + "[" + std::to_string(i) + "]";
    const absl::StatusOr<base::Duration> delay = DurationFromProto(of_one, schedule.delays(i));
    if (!checks.Check(delay.status())) continue;
    if (*delay < delivery::kMinRetryDelay || *delay > delivery::kMaxRetryDelay) {
      checks.Fail(of_one, "must be between 1 s and 2 days");
      continue;
    }
    delays.push_back(std::chrono::duration_cast<milliseconds>(*delay));
    total += *delay;
  }
  if (total > delivery::kMaxRetryTime) checks.Fail(field, "must be at most 14 days together");
  to.retry_delays = std::move(delays);
}

void ApplyAuthorities(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  to.ca_certificates = from.ca_certificates();
  if (to.ca_certificates.empty()) return;
  checks.Check(CheckAuthorities("endpoint.ca_certificates", to.ca_certificates));
}

void ApplyCertificate(const v1::Endpoint& from, base::Time now, storage::Endpoint& to,
                      FieldChecks& checks) {
  const v1::ClientCertificate& given = from.client_certificate();
  if (given.certificate().empty() && given.private_key().empty()) {
    to.client_certificate = {};
    return;
  }
  // As it was read: an answer has no key.
  if (given.private_key().empty() && given.certificate() == to.client_certificate.certificate) {
    return;
  }
  to.client_certificate = {.certificate = given.certificate(), .private_key = given.private_key()};
  checks.Check(CheckClientCertificate("endpoint.client_certificate", to.client_certificate, now));
}

}  // namespace

void ApplyTransportFields(const v1::Endpoint& from, std::span<const std::string> fields,
                          base::Time now, storage::Endpoint& to, FieldChecks& checks) {
  for (const std::string& field : fields) {
    if (field == "max_per_second") {
      ApplyPerSecond(from, to, checks);
    } else if (field == "max_burst") {
      ApplyBurst(from, to, checks);
    } else if (field == "retry_schedule") {
      ApplySchedule(from, to, checks);
    } else if (field == "ca_certificates") {
      ApplyAuthorities(from, to, checks);
    } else if (field == "client_certificate") {
      ApplyCertificate(from, now, to, checks);
    } else if (field == "http2") {
      to.http2 = from.http2();
    }
  }
}

bool SameTransportField(std::string_view field, const storage::Endpoint& a,
                        const storage::Endpoint& b) {
  if (field == "max_per_second") return a.max_per_second == b.max_per_second;
  if (field == "max_burst") return a.max_burst == b.max_burst;
  if (field == "retry_schedule") return a.retry_delays == b.retry_delays;
  if (field == "ca_certificates") return a.ca_certificates == b.ca_certificates;
  if (field == "client_certificate") return a.client_certificate == b.client_certificate;
  return a.http2 == b.http2;
}

void TransportToProto(const storage::Endpoint& from, v1::Endpoint& to) {
  to.set_max_per_second(from.max_per_second);
  to.set_max_burst(from.max_burst);
  if (from.retry_delays) {
    v1::RetrySchedule& schedule = *to.mutable_retry_schedule();
    for (const milliseconds delay : *from.retry_delays) SetDuration(delay, schedule.add_delays());
  }
  to.set_ca_certificates(from.ca_certificates);
  to.set_http2(from.http2);
  if (from.client_certificate.empty()) return;
  v1::ClientCertificate& certificate = *to.mutable_client_certificate();
  certificate.set_certificate(from.client_certificate.certificate);
  SetTimestamp(CertificateExpires(from.client_certificate.certificate),
               certificate.mutable_expire_time());
}

}  // namespace gatehouse::service
