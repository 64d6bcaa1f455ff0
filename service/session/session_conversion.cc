#include "service/session/session_conversion.h"

#include "gatehouse/v1/session.pb.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {
namespace {

v1::SessionState StateOf(const storage::Session& session, base::Time now) {
  if (session.revoke_time) return v1::SESSION_STATE_REVOKED;
  return session.IsLive(now) ? v1::SESSION_STATE_ACTIVE : v1::SESSION_STATE_EXPIRED;
}

}  // namespace

absl::Status ToProto(const storage::Session& session, base::Time now, v1::Session& out) {
  out.set_id(session.id.ToString());
  out.set_user_id(session.user_id.ToString());
  out.set_state(StateOf(session, now));
  out.set_label(session.label);
  out.set_thread_id(session.thread_id);
  out.set_ip_address(session.ip_address);
  out.set_user_agent(session.user_agent);
  for (const std::string& method : session.amr) out.add_amr(method);
  SetTimestamp(session.auth_time, out.mutable_auth_time());
  SetTimestamp(session.create_time, out.mutable_create_time());
  SetTimestamp(session.update_time, out.mutable_update_time());
  SetTimestamp(session.last_used_time, out.mutable_last_used_time());
  SetTimestamp(session.idle_expire_time, out.mutable_idle_expire_time());
  SetTimestamp(session.expire_time, out.mutable_expire_time());
  if (session.revoke_time) SetTimestamp(*session.revoke_time, out.mutable_revoke_time());
  out.set_revoke_reason(session.revoke_reason.value_or(""));
  out.set_etag(MakeEtag(session.version));
  return StructFromJson(session.context_json, out.mutable_context());
}

void ToProto(const TokenIssuer::Tokens& tokens, v1::TokenPair& out) {
  out.set_access_token(tokens.access_token);
  SetTimestamp(tokens.access_token_expire_time, out.mutable_access_token_expire_time());
  out.set_refresh_token(tokens.refresh_token);
  SetTimestamp(tokens.refresh_token_expire_time, out.mutable_refresh_token_expire_time());
}

}  // namespace gatehouse::service
