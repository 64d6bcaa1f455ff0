#include "service/session/token_issuer.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace gatehouse::service {

absl::StatusOr<TokenIssuer::Tokens> TokenIssuer::Issue(const base::Uuid& tenant_id,
                                                       const base::Uuid& session_id,
                                                       const base::Uuid& user_id,
                                                       const storage::TokenGrant& grant) const {
  const base::Time session_end = std::min(grant.idle_expire_time, grant.expire_time);
  auth::AccessClaims claims{.tenant_id = tenant_id,
                            .user_id = user_id,
                            .session_id = session_id,
                            .user_epoch = grant.user_epoch,
                            .roles = {grant.role},
                            .amr = grant.amr,
                            .auth_time = grant.auth_time};
  GH_ASSIGN_OR_RETURN(auth::AccessTokenCodec::Signed access,
                      access_tokens_.Sign(std::move(claims), session_end));
  return Tokens{.access_token = std::move(access.token),
                .access_token_expire_time = access.expires_at,
                .refresh_token = refresh_tokens_.Encode({.tenant_id = tenant_id,
                                                         .session_id = session_id,
                                                         .user_id = user_id,
                                                         .generation = grant.generation}),
                .refresh_token_expire_time = session_end};
}

}  // namespace gatehouse::service
