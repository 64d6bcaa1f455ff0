#include "storage/endpoint/endpoint_store.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/status.h"
#include "storage/alert/alert_batch.h"
#include "storage/endpoint/endpoint_sealing.h"
#include "storage/endpoint/queries/endpoint_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Bytes;
using postgres::Jsonb;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = endpoint::queries;

// The column after those of DecodeEndpoint, and that after those of DecodeWithHealth.
constexpr int kEndpointColumns = 31;
constexpr int kColumnsWithHealth = kEndpointColumns + 10;

Bytes SealHeaders(const SealingKeys& key, const Endpoint& endpoint) {
  return {key.Seal(EndpointSealContext("headers", endpoint.tenant_id, endpoint.id),
                   nlohmann::json(endpoint.headers).dump())};
}

std::optional<Bytes> SealClientKey(const SealingKeys& key, const Endpoint& endpoint) {
  if (endpoint.client_certificate.empty()) return std::nullopt;
  return Bytes{key.Seal(EndpointSealContext("client key", endpoint.tenant_id, endpoint.id),
                        endpoint.client_certificate.private_key)};
}

std::optional<std::vector<int64_t>> DelaysOf(const Endpoint& endpoint) {
  if (!endpoint.retry_delays) return std::nullopt;
  std::vector<int64_t> delays;
  for (const std::chrono::milliseconds delay : *endpoint.retry_delays) {
    delays.push_back(delay.count());
  }
  return delays;
}

// The settings by which requests are made: parameters from `$n` on, in the order of the columns.
void AddTransport(const SealingKeys& key, const Endpoint& endpoint, Params& params) {
  params.Add(endpoint.max_per_second);
  params.Add(endpoint.max_burst);
  params.Add(DelaysOf(endpoint));
  params.Add(endpoint.http2);
  params.Add(endpoint.ca_certificates);
  params.Add(endpoint.client_certificate.certificate);
  params.Add(SealClientKey(key, endpoint));
}

// What the columns about secrets, or those about key pairs, hold: an entry in each for each one.
struct SecretColumns {
  std::vector<Bytes> sealed;
  std::vector<Uuid> ids;
  std::vector<Time> create_times;
  std::vector<Time> expire_times;
};

// What has expired is not written again.
SecretColumns SealSecrets(const SealingKeys& key, const std::string& context,
                          const std::vector<EndpointSecret>& secrets, Time now) {
  SecretColumns columns;
  for (const EndpointSecret& secret : LiveSecrets(secrets, now)) {
    columns.sealed.push_back({key.Seal(context, secret.key)});
    columns.ids.push_back(secret.id);
    columns.create_times.push_back(secret.create_time);
    columns.expire_times.push_back(secret.expire_time);
  }
  return columns;
}

SecretColumns SealSecrets(const SealingKeys& key, const Endpoint& endpoint) {
  return SealSecrets(key, EndpointSealContext("secret", endpoint.tenant_id, endpoint.id),
                     endpoint.secrets, endpoint.update_time);
}

SecretColumns SealKeyPairs(const SealingKeys& key, const Endpoint& endpoint) {
  return SealSecrets(key, EndpointSealContext("key pair", endpoint.tenant_id, endpoint.id),
                     endpoint.key_pairs, endpoint.update_time);
}

// Values that do not open mean another master secret than the one they were
// written under: nothing a caller could do about.
std::string OpenOrThrow(const SealingKeys& key, const std::string& context, const Bytes& sealed) {
  std::optional<std::string> opened = key.Open(context, sealed.value);
  if (!opened) {
    throw postgres::DecodeError("an endpoint's secrets do not open under the server's secret");
  }
  return *std::move(opened);
}

// From the columns from `first` on.
std::vector<EndpointSecret> OpenSecrets(const SealingKeys& key, const Endpoint& endpoint,
                                        std::string_view what, RowView row, int first) {
  const std::string context = EndpointSealContext(what, endpoint.tenant_id, endpoint.id);
  const auto ids = row.Get<std::vector<Uuid>>(first + 1);
  const auto create_times = row.Get<std::vector<Time>>(first + 2);
  const auto expire_times = row.Get<std::vector<Time>>(first + 3);
  std::vector<EndpointSecret> secrets;
  for (const Bytes& sealed : row.Get<std::vector<Bytes>>(first)) {
    const size_t i = secrets.size();
    EndpointSecret secret{.key = OpenOrThrow(key, context, sealed)};
    if (i < ids.size()) {
      secret.id = ids[i];
      secret.create_time = create_times.at(i);
      secret.expire_time = expire_times.at(i);
    } else {
      // Made by a server of the version before, with the endpoint: no other id is as lasting.
      secret.id = endpoint.id;
      secret.create_time = endpoint.create_time;
    }
    secrets.push_back(std::move(secret));
  }
  return secrets;
}

// From the columns that AddTransport fills.
void ReadTransport(const SealingKeys& key, RowView row, Endpoint& endpoint) {
  endpoint.max_per_second = row.Get<double>(24);
  endpoint.max_burst = row.Get<int32_t>(25);
  if (const auto delays = row.Get<std::optional<std::vector<int64_t>>>(26)) {
    endpoint.retry_delays.emplace();
    for (const int64_t delay : *delays) endpoint.retry_delays->emplace_back(delay);
  }
  endpoint.http2 = row.Get<bool>(27);
  endpoint.ca_certificates = row.Get<std::string>(28);
  endpoint.client_certificate.certificate = row.Get<std::string>(29);
  if (const auto sealed = row.Get<std::optional<Bytes>>(30)) {
    endpoint.client_certificate.private_key = OpenOrThrow(
        key, EndpointSealContext("client key", endpoint.tenant_id, endpoint.id), *sealed);
  }
}

Endpoint DecodeEndpoint(const SealingKeys& key, const Uuid& tenant_id, RowView row) {
  Endpoint endpoint{
      .tenant_id = tenant_id,
      .id = row.Get<Uuid>(0),
      .url = row.Get<std::string>(1),
      .event_types = row.Get<std::vector<std::string>>(2),
      .payload_filter = row.Get<std::string>(22),
      .description = row.Get<std::string>(3),
      .signature_scheme = static_cast<SignatureScheme>(row.Get<int32_t>(9)),
      .timeout = std::chrono::milliseconds(row.Get<int32_t>(14)),
      .max_in_flight = row.Get<int32_t>(15),
      .state = static_cast<EndpointState>(row.Get<int32_t>(16)),
      .disabled_reason = row.Get<std::string>(17),
      .metadata_json = row.Get<Jsonb>(18).value,
      .create_time = row.Get<Time>(19),
      .update_time = row.Get<Time>(20),
      .version = row.Get<int64_t>(21),
      .created_event_id = row.Get<std::optional<Uuid>>(23),
  };
  endpoint.headers = nlohmann::json::parse(
      OpenOrThrow(key, EndpointSealContext("headers", tenant_id, endpoint.id), row.Get<Bytes>(4)));
  endpoint.secrets = OpenSecrets(key, endpoint, "secret", row, 5);
  endpoint.key_pairs = OpenSecrets(key, endpoint, "key pair", row, 10);
  ReadTransport(key, row, endpoint);
  return endpoint;
}

EndpointWithHealth DecodeWithHealth(const SealingKeys& key, const Uuid& tenant_id, RowView row) {
  constexpr int kFirst = kEndpointColumns;
  return {.endpoint = DecodeEndpoint(key, tenant_id, row),
          .health = {
              .breaker_open = row.Get<bool>(kFirst),
              .consecutive_failures = row.Get<int32_t>(kFirst + 1),
              .last_success_time = row.Get<std::optional<Time>>(kFirst + 2),
              .last_failure_time = row.Get<std::optional<Time>>(kFirst + 3),
              .position = row.Get<int64_t>(kFirst + 4),
              .retrying_count = row.Get<int64_t>(kFirst + 5),
              .max_pending_count = row.Get<int64_t>(kFirst + 6),
              .oldest_pending_time = row.Get<std::optional<Time>>(kFirst + 7),
              .recent = row.Get<Bytes>(kFirst + 8).value,
              .paced_until = row.Get<std::optional<Time>>(kFirst + 9),
          }};
}

absl::Status TooManyEndpoints() {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted,
      "there are " + std::to_string(EndpointStore::kMaxPerTenant) + " endpoints already",
      {.reason = base::Reason::kLimitReached, .quota = "endpoints of a tenant"});
}

}  // namespace

EndpointStore::EndpointStore(postgres::Database& database, const SealingKeys& secret)
    : database_(database), key_(secret.Derive(kEndpointSealInfo)) {}

Task<absl::Status> EndpointStore::Create(CallContext ctx, Endpoint endpoint, Change change) {
  const SecretColumns secrets = SealSecrets(key_, endpoint);
  const SecretColumns key_pairs = SealKeyPairs(key_, endpoint);
  Params params = Params::Of(
      endpoint.tenant_id, endpoint.id, endpoint.url, endpoint.event_types, endpoint.description,
      SealHeaders(key_, endpoint), secrets.sealed, secrets.ids, secrets.create_times,
      secrets.expire_times, static_cast<int32_t>(endpoint.signature_scheme), key_pairs.sealed,
      key_pairs.ids, key_pairs.create_times, key_pairs.expire_times,
      static_cast<int32_t>(endpoint.timeout.count()), endpoint.max_in_flight,
      static_cast<int32_t>(endpoint.state), endpoint.disabled_reason, Jsonb{endpoint.metadata_json},
      endpoint.create_time, endpoint.update_time, endpoint.version, endpoint.payload_filter,
      kMaxPerTenant);
  AddTransport(key_, endpoint, params);
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kInsert, std::move(params));
  batch.Add(queries::kInsertFanout, Params::Of(endpoint.tenant_id));
  batch.Add(queries::kInsertDelivery,
            Params::Of(endpoint.tenant_id, endpoint.id, change.events.first().id));
  const absl::Status made = (co_await database_.Run(ctx, std::move(batch))).status();
  if (base::HasReason(made, base::Reason::kLimitReached)) co_return TooManyEndpoints();
  co_return made;
}

Task<absl::StatusOr<std::optional<EndpointWithHealth>>> EndpointStore::Get(CallContext ctx,
                                                                           Uuid tenant_id,
                                                                           Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kGet, Params::Of(tenant_id, id)));
  co_return rows.DecodeOne([&](RowView row) { return DecodeWithHealth(key_, tenant_id, row); });
}

Task<absl::StatusOr<EndpointStore::Page>> EndpointStore::List(CallContext ctx, ListQuery query) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kList,
                                                  Params::Of(query.tenant_id, query.before,
                                                             query.limit, query.max_bytes)));
  Page page;
  int64_t found = 0;
  GH_CO_ASSIGN_OR_RETURN(page.endpoints, rows.Decode([&](RowView row) {
    found = row.Get<int64_t>(kColumnsWithHealth);
    return DecodeWithHealth(key_, query.tenant_id, row);
  }));
  page.cut = found > static_cast<int64_t>(page.endpoints.size());
  co_return page;
}

Task<absl::StatusOr<std::vector<EndpointStore::Patterns>>> EndpointStore::ListPatterns(
    CallContext ctx, Uuid tenant_id, std::optional<Uuid> before, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListPatterns, Params::Of(tenant_id, before, limit)));
  co_return rows.Decode([](RowView row) {
    return Patterns{.endpoint_id = row.Get<Uuid>(0),
                    .event_types = row.Get<std::vector<std::string>>(1),
                    .payload_filter = row.Get<std::string>(2)};
  });
}

Task<absl::Status> EndpointStore::Update(CallContext ctx, Endpoint endpoint, Transition transition,
                                         Change change) {
  const SecretColumns secrets = SealSecrets(key_, endpoint);
  const SecretColumns key_pairs = SealKeyPairs(key_, endpoint);
  Batch batch;
  postgres::AppendChange(batch, change);
  if (transition.resume) {
    // The cursor before the endpoint, as everybody locks them.
    batch.Add(queries::kResetHealth,
              Params::Of(endpoint.tenant_id, endpoint.id, endpoint.update_time));
    batch.Add(queries::kHastenExceptions,
              Params::Of(endpoint.tenant_id, endpoint.id, endpoint.update_time));
  }
  Params params = Params::Of(
      endpoint.tenant_id, endpoint.id, endpoint.version, endpoint.url, endpoint.event_types,
      endpoint.description, SealHeaders(key_, endpoint), secrets.sealed, secrets.ids,
      secrets.create_times, secrets.expire_times, static_cast<int32_t>(endpoint.signature_scheme),
      key_pairs.sealed, key_pairs.ids, key_pairs.create_times, key_pairs.expire_times,
      static_cast<int32_t>(endpoint.timeout.count()), endpoint.max_in_flight,
      static_cast<int32_t>(endpoint.state), endpoint.disabled_reason, Jsonb{endpoint.metadata_json},
      endpoint.update_time, endpoint.payload_filter);
  AddTransport(key_, endpoint, params);
  batch.Add(queries::kUpdate, std::move(params));
  std::vector<AlertSignal> over;
  if (transition.resume) {
    over = EndpointAlertsOver(endpoint.tenant_id, endpoint.id, endpoint.update_time,
                              {AlertKind::kFailing, AlertKind::kDisabled}, kAlertResumed);
  }
  if (transition.other_certificate) {
    over.push_back(EndpointAlertsOver(endpoint.tenant_id, endpoint.id, endpoint.update_time,
                                      {AlertKind::kClientCertificateExpiring}, kAlertRecovered)
                       .front());
  }
  AppendAlerts(batch, ctx, std::move(over));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> EndpointStore::Delete(CallContext ctx, Uuid tenant_id, Uuid id,
                                         std::optional<int64_t> version, Change change) {
  const Time now = change.events.first().recorded_time;
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kDeleteDelivery, Params::Of(tenant_id, id));
  batch.Add(queries::kDelete, Params::Of(tenant_id, id, version));
  AppendAlerts(batch, ctx,
               EndpointAlertsOver(tenant_id, id, now,
                                  {AlertKind::kFailing, AlertKind::kDisabled, AlertKind::kExhausted,
                                   AlertKind::kCertificateExpiring, AlertKind::kBacklog,
                                   AlertKind::kClientCertificateExpiring},
                                  kAlertDeleted));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> EndpointStore::Disable(CallContext ctx, Uuid tenant_id, Uuid id, int64_t fence,
                                          std::string reason, Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kDisable, Params::Of(tenant_id, id, fence, reason, now));
  const std::string details = nlohmann::json{{"reason", reason}}.dump();
  AppendAlerts(
      batch, ctx,
      {{.key = {tenant_id, AlertKind::kDisabled, id}, .time = now, .details_json = details}});
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::StatusOr<std::vector<Endpoint>>> EndpointStore::ListAll(CallContext ctx,
                                                                   std::optional<Uuid> tenant_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kListAll, Params::Of(tenant_id)));
  co_return rows.Decode(
      [&](RowView row) { return DecodeEndpoint(key_, row.Get<Uuid>(kEndpointColumns), row); });
}

}  // namespace gatehouse::storage
