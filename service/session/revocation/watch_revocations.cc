#include <utility>

#include "auth/token/access_token.h"
#include "base/status.h"
#include "gatehouse/v1/session_revocation.pb.h"
#include "service/common/validate.h"
#include "service/session/session_service.h"

namespace gatehouse::service {

RevocationFeed::Deps SessionService::FeedOf(const Deps& deps) {
  const auth::AccessTokenCodec::Options& tokens = deps.access_tokens.options();
  return {.log = deps.log,
          .feed = deps.feed,
          .sessions = deps.sessions,
          .tenants = deps.tenant_store,
          .authenticator = deps.authenticator,
          .directory = deps.tenants,
          .clock = deps.clock,
          .token_lifetime = tokens.lifetime + tokens.leeway};
}

base::Task<absl::Status> SessionService::WatchRevocations(
    base::CallContext ctx, v1::WatchRevocationsRequest request,
    rpc::Writer<v1::WatchRevocationsResponse> writer) {
  FieldChecks checks;
  if (request.resume_index() < 0) checks.Fail("resume_index", "must not be negative");
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  co_return co_await revocations_.Follow(std::move(ctx), request.resume_index(), writer);
}

}  // namespace gatehouse::service
