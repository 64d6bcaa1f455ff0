#include "service/webhook/endpoint/endpoint_fields.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status.h"
#include "base/text/ascii.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/delivery/payload_filter.h"
#include "service/delivery/queue/delivery_stats.h"
#include "service/delivery/signature.h"
#include "service/webhook/endpoint/transport_fields.h"
#include "storage/canonical_json.h"

namespace gatehouse::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::EndpointState;
using storage::SignatureScheme;

constexpr size_t kMaxDescriptionBytes = 500;
constexpr size_t kMaxMetadataBytes = size_t{4} << 10;
constexpr milliseconds kDefaultTimeout = seconds(20);
constexpr milliseconds kMinTimeout = seconds(1);
constexpr milliseconds kMaxTimeout = seconds(60);
constexpr int32_t kDefaultMaxInFlight = 4;
constexpr int32_t kMaxMaxInFlight = 32;

void ApplyHeaders(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : from.headers()) {
    headers[name] = value;
    if (value != kHiddenValue) continue;
    const auto current = std::ranges::find_if(to.headers, [&name = name](const auto& header) {
      return base::EqualsIgnoringCase(header.first, name);
    });
    if (current == to.headers.end()) {
      checks.Fail("endpoint.headers", "\"***\" stands for a value that is there already");
      return;
    }
    headers[name] = current->second;
  }
  if (checks.Check(CheckEndpointHeaders(headers))) to.headers = std::move(headers);
}

void ApplyTimeout(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  to.timeout = kDefaultTimeout;
  if (!from.has_timeout()) return;
  const absl::StatusOr<base::Duration> timeout =
      DurationFromProto("endpoint.timeout", from.timeout());
  if (!checks.Check(timeout.status())) return;
  to.timeout = std::chrono::duration_cast<milliseconds>(*timeout);
  if (*timeout < kMinTimeout || *timeout > kMaxTimeout) {
    checks.Fail("endpoint.timeout", "must be between 1 s and 60 s");
  }
}

void ApplyMaxInFlight(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  to.max_in_flight = from.max_in_flight() == 0 ? kDefaultMaxInFlight : from.max_in_flight();
  if (to.max_in_flight < 1 || to.max_in_flight > kMaxMaxInFlight) {
    checks.Fail("endpoint.max_in_flight", "must be between 1 and 32");
  }
}

void ApplyState(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  switch (from.state()) {
    case v1::ENDPOINT_STATE_UNSPECIFIED:
    case v1::ENDPOINT_STATE_ENABLED:
      to.state = EndpointState::kEnabled;
      to.disabled_reason.clear();
      return;
    case v1::ENDPOINT_STATE_PAUSED:
      to.state = EndpointState::kPaused;
      to.disabled_reason.clear();
      return;
    default:
      checks.Fail("endpoint.state", "must be ENABLED or PAUSED; only the server disables");
  }
}

void ApplySignatureScheme(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  switch (from.signature_scheme()) {
    case v1::SIGNATURE_SCHEME_UNSPECIFIED:
      to.signature_scheme = SignatureScheme::kV1;
      return;
    case v1::SIGNATURE_SCHEME_V1:
    case v1::SIGNATURE_SCHEME_V1A:
    case v1::SIGNATURE_SCHEME_V1_AND_V1A:
      to.signature_scheme = static_cast<SignatureScheme>(from.signature_scheme());
      return;
    default:
      checks.Fail("endpoint.signature_scheme", "is not a known scheme");
  }
}

void ApplyMetadata(const v1::Endpoint& from, storage::Endpoint& to, FieldChecks& checks) {
  absl::StatusOr<std::string> json =
      JsonFromStruct("endpoint.metadata", from.metadata(), {.max_bytes = kMaxMetadataBytes});
  if (checks.Check(json.status())) to.metadata_json = *std::move(json);
}

void SetHealth(const storage::EndpointHealth& from, base::Time now, v1::EndpointHealth& to) {
  to.set_breaker_open(from.breaker_open);
  to.set_consecutive_failures(from.consecutive_failures);
  if (from.last_success_time) {
    SetTimestamp(*from.last_success_time, to.mutable_last_success_time());
  }
  if (from.last_failure_time) {
    SetTimestamp(*from.last_failure_time, to.mutable_last_failure_time());
  }
  to.set_position(from.position);
  to.set_retrying_count(from.retrying_count);
  to.set_max_pending_count(from.max_pending_count);
  if (from.oldest_pending_time) {
    SetTimestamp(*from.oldest_pending_time, to.mutable_oldest_pending_time());
  }
  const delivery::DeliveryStats::Summary recent =
      delivery::DeliveryStats::Decode(from.recent).Summarize(now);
  to.set_recent_attempt_count(recent.attempts);
  to.set_recent_success_count(recent.succeeded);
  if (recent.attempts == 0) return;
  to.set_success_rate(static_cast<double>(recent.succeeded) / static_cast<double>(recent.attempts));
  SetDuration(recent.p50, to.mutable_latency_p50());
  SetDuration(recent.p95, to.mutable_latency_p95());
  SetDuration(recent.p99, to.mutable_latency_p99());
}

std::string_view HostOf(std::string_view url) {
  const size_t begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

}  // namespace

void ApplyEndpointFields(const v1::Endpoint& from, std::span<const std::string> fields,
                         const UrlPolicy& policy, base::Time now, storage::Endpoint& to,
                         FieldChecks& checks) {
  for (const std::string& field : fields) {
    if (field == "url") {
      to.url = from.url();
      checks.Check(CheckEndpointUrl(to.url, policy));
    } else if (field == "event_types") {
      to.event_types.assign(from.event_types().begin(), from.event_types().end());
      checks.Check(CheckEventPatterns(to.event_types));
    } else if (field == "payload_filter") {
      to.payload_filter = from.payload_filter();
      checks.Check(
          delivery::PayloadFilter::Parse(to.payload_filter, "endpoint.payload_filter").status());
    } else if (field == "description") {
      to.description = from.description();
      checks.Length("endpoint.description", to.description, 0, kMaxDescriptionBytes);
    } else if (field == "headers") {
      ApplyHeaders(from, to, checks);
    } else if (field == "timeout") {
      ApplyTimeout(from, to, checks);
    } else if (field == "max_in_flight") {
      ApplyMaxInFlight(from, to, checks);
    } else if (field == "state") {
      ApplyState(from, to, checks);
    } else if (field == "metadata") {
      ApplyMetadata(from, to, checks);
    } else if (field == "signature_scheme") {
      ApplySignatureScheme(from, to, checks);
    }
  }
  ApplyTransportFields(from, fields, now, to, checks);
}

void AddKeyPairFor(storage::Endpoint& endpoint, base::Time now) {
  if (endpoint.signature_scheme == SignatureScheme::kV1 || !endpoint.key_pairs.empty()) return;
  endpoint.key_pairs = {
      {.id = base::Uuid::MakeV7(now), .key = delivery::MakeKeyPair(), .create_time = now}};
}

std::vector<std::string> ChangedEndpointFields(const storage::Endpoint& before,
                                               const storage::Endpoint& after) {
  std::vector<std::string> changed;
  auto compare = [&](std::string_view field, bool same) {
    if (!same) changed.emplace_back(field);
  };
  compare("url", before.url == after.url);
  compare("event_types", before.event_types == after.event_types);
  compare("payload_filter", before.payload_filter == after.payload_filter);
  compare("description", before.description == after.description);
  compare("headers", before.headers == after.headers);
  compare("timeout", before.timeout == after.timeout);
  compare("max_in_flight", before.max_in_flight == after.max_in_flight);
  compare("state", before.state == after.state);
  compare("metadata", storage::CanonicalJson(before.metadata_json) ==
                          storage::CanonicalJson(after.metadata_json));
  compare("signature_scheme", before.signature_scheme == after.signature_scheme);
  for (const std::string_view field : {"max_per_second", "max_burst", "retry_schedule",
                                       "ca_certificates", "client_certificate", "http2"}) {
    compare(field, SameTransportField(field, before, after));
  }
  return changed;
}

absl::Status ToProto(const storage::EndpointWithHealth& from, base::Time now, v1::Endpoint& to) {
  const storage::Endpoint& endpoint = from.endpoint;
  to.set_id(endpoint.id.ToString());
  to.set_url(endpoint.url);
  to.mutable_event_types()->Assign(endpoint.event_types.begin(), endpoint.event_types.end());
  to.set_payload_filter(endpoint.payload_filter);
  to.set_description(endpoint.description);
  for (const auto& [name, value] : endpoint.headers) {
    (*to.mutable_headers())[name] = std::string(kHiddenValue);
  }
  SetDuration(endpoint.timeout, to.mutable_timeout());
  to.set_max_in_flight(endpoint.max_in_flight);
  to.set_state(static_cast<v1::EndpointState>(endpoint.state));
  to.set_disabled_reason(endpoint.disabled_reason);
  GH_RETURN_IF_ERROR(StructFromJson(endpoint.metadata_json, to.mutable_metadata()));
  SetTimestamp(endpoint.create_time, to.mutable_create_time());
  SetTimestamp(endpoint.update_time, to.mutable_update_time());
  to.set_etag(MakeEtag(endpoint.version));
  for (const storage::EndpointSecret& secret : storage::LiveSecrets(endpoint.secrets, now)) {
    ToProto(secret, *to.add_secrets());
  }
  for (const storage::EndpointSecret& pair : storage::LiveSecrets(endpoint.key_pairs, now)) {
    KeyPairToProto(pair, *to.add_secrets());
  }
  to.set_signature_scheme(static_cast<v1::SignatureScheme>(endpoint.signature_scheme));
  TransportToProto(endpoint, to);
  SetHealth(from.health, now, *to.mutable_health());
  return absl::OkStatus();
}

void ToProto(const storage::EndpointSecret& from, v1::EndpointSecret& to) {
  to.set_id(from.id.ToString());
  to.set_scheme(v1::SIGNATURE_SCHEME_V1);
  SetTimestamp(from.create_time, to.mutable_create_time());
  if (from.expire_time != base::Time::max()) {
    SetTimestamp(from.expire_time, to.mutable_expire_time());
  }
}

void KeyPairToProto(const storage::EndpointSecret& from, v1::EndpointSecret& to) {
  ToProto(from, to);
  to.set_scheme(v1::SIGNATURE_SCHEME_V1A);
  to.set_public_key(delivery::FormatPublicKey(from.key));
}

void ToProto(int number, const storage::AttemptRecord& from, v1::DeliveryAttempt& to) {
  to.set_number(number);
  SetTimestamp(from.start_time, to.mutable_start_time());
  SetDuration(from.latency, to.mutable_latency());
  to.set_status_code(from.status_code);
  to.set_error_class(from.error_class);
  to.set_response_head(from.response_head);
}

void ToProto(const storage::EndpointKey& key, const storage::Delivery& from, v1::Delivery& to) {
  to.set_endpoint_id(key.endpoint_id.ToString());
  to.set_event_id(from.event_id.ToString());
  to.set_event_index(from.event_index);
  to.set_event_type(from.event_type);
  to.set_state(static_cast<v1::DeliveryState>(from.state));
  if (from.next_attempt_time) {
    SetTimestamp(*from.next_attempt_time, to.mutable_next_attempt_time());
  }
  int number = 0;
  for (const storage::AttemptRecord& record : from.attempts) {
    ToProto(++number, record, *to.add_attempts());
  }
}

storage::Event EndpointEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                             const storage::Endpoint& endpoint, std::string details_json) {
  return storage::MakeEvent(ctx, now, std::string(type),
                            {{.type = "endpoint",
                              .id = endpoint.id.ToString(),
                              .label = std::string(HostOf(endpoint.url))}},
                            std::move(details_json));
}

}  // namespace gatehouse::service
