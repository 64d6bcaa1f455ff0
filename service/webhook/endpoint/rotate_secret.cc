#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/delivery/signature.h"
#include "service/webhook/endpoint/endpoint_edit.h"
#include "service/webhook/webhook_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using storage::EndpointSecret;

// Time to change a receiver by hand.
constexpr base::Duration kDefaultOverlap = std::chrono::hours(24);
// An old secret may have leaked: it does not sign for ever.
constexpr base::Duration kMaxOverlap = std::chrono::days(7);

// What is to be rotated, and its new key.
struct NewSecret {
  bool is_pair = false;
  std::string key;
};

NewSecret NewSecretOf(const v1::RotateSecretRequest& request, FieldChecks& checks) {
  NewSecret made;
  switch (request.scheme()) {
    case v1::SIGNATURE_SCHEME_UNSPECIFIED:
      made.is_pair = delivery::IsKeyPair(request.secret());
      break;
    case v1::SIGNATURE_SCHEME_V1:
    case v1::SIGNATURE_SCHEME_V1A:
      made.is_pair = request.scheme() == v1::SIGNATURE_SCHEME_V1A;
      break;
    default:
      checks.Fail("scheme", "must be V1 or V1A: one at a time");
      return made;
  }
  if (request.secret().empty()) {
    made.key = made.is_pair ? delivery::MakeKeyPair() : delivery::MakeKey();
    return made;
  }
  absl::StatusOr<std::string> key = made.is_pair ? delivery::ParseKeyPair(request.secret())
                                                 : delivery::ParseSecret(request.secret());
  if (checks.Check(key.status())) made.key = *std::move(key);
  return made;
}

base::Duration OverlapOf(const v1::RotateSecretRequest& request, FieldChecks& checks) {
  if (!request.has_overlap()) return kDefaultOverlap;
  const absl::StatusOr<base::Duration> overlap = DurationFromProto("overlap", request.overlap());
  if (!checks.Check(overlap.status())) return {};
  if (*overlap < base::Duration(0) || *overlap > kMaxOverlap) {
    checks.Fail("overlap", "must be between 0 s and 7 days");
  }
  return *overlap;
}

// `next` becomes the current one of `secrets`; the others sign beside it for `overlap`, if they
// do not end before.
absl::StatusOr<std::vector<EndpointSecret>> Rotated(const std::vector<EndpointSecret>& secrets,
                                                    EndpointSecret next, base::Duration overlap) {
  const base::Time now = next.create_time;
  std::vector<EndpointSecret> live = storage::LiveSecrets(secrets, now);
  if (std::ranges::find(live, next.key, &EndpointSecret::key) != live.end()) {
    return base::InvalidField("secret", "is one that signs already");
  }
  if (overlap == base::Duration(0)) live.clear();
  if (live.size() >= storage::kMaxLiveSecrets) {
    return base::MakeError(
        absl::StatusCode::kResourceExhausted,
        "three secrets sign already: wait until one expires, or end them by an overlap of 0 s",
        {.reason = base::Reason::kLimitReached, .quota = "live secrets of an endpoint"});
  }
  for (EndpointSecret& secret : live) {
    secret.expire_time = std::min(secret.expire_time, now + overlap);
  }
  live.insert(live.begin(), std::move(next));
  return live;
}

}  // namespace

WebhookService::Result<v1::RotateSecretResponse> WebhookService::RotateSecret(
    base::CallContext ctx, v1::RotateSecretRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("endpoint_id", request.endpoint_id());
  const base::Duration overlap = OverlapOf(request, checks);
  const NewSecret made = NewSecretOf(request, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const auto rotate = [made, overlap](
                          const storage::Endpoint& before,
                          base::Time now) -> absl::StatusOr<std::optional<EndpointEdit::Outcome>> {
    const base::Uuid secret_id = base::Uuid::MakeV7(now);
    EndpointEdit::Outcome outcome{
        .next = before,
        .event_type = storage::event_types::kEndpointSecretRotated,
        .details_json =
            JsonObject()
                .Add("scheme", made.is_pair ? "v1a" : "v1")
                .Add("secret_id", secret_id.ToString())
                .AddNumber("overlap_ms",
                           std::chrono::duration_cast<std::chrono::milliseconds>(overlap).count())
                .ToString()};
    std::vector<EndpointSecret>& secrets =
        made.is_pair ? outcome.next.key_pairs : outcome.next.secrets;
    GH_ASSIGN_OR_RETURN(
        secrets, Rotated(secrets, {.id = secret_id, .key = made.key, .create_time = now}, overlap));
    return outcome;
  };
  const bool validate_only = request.validate_only();
  EndpointEdit edit{
      .id = *id, .etag = request.etag(), .validate_only = validate_only, .plan = rotate};
  GH_CO_ASSIGN_OR_RETURN(v1::RotateSecretResponse response,
                         co_await Edit<v1::RotateSecretResponse>(ctx, std::move(edit), key));
  // Only now: what is kept for retries holds no secret. A private key is nobody's but the server's;
  // its public half is in the endpoint.
  if (!validate_only && !made.is_pair) response.set_secret(delivery::FormatSecret(made.key));
  co_return response;
}

}  // namespace gatehouse::service
