#include "service/user/bulk/export_records.h"

#include <optional>
#include <string>

#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/mail/outbox/mail_content.h"

namespace gatehouse::service {
namespace {

const char* PurposeName(storage::OneTimePurpose purpose) {
  switch (purpose) {
    case storage::OneTimePurpose::kPasswordReset:
    case storage::OneTimePurpose::kRequestedReset:
      return "PASSWORD_RESET";
    case storage::OneTimePurpose::kEmailVerification:
      return "EMAIL_VERIFICATION";
    case storage::OneTimePurpose::kMagicLink:
      return "MAGIC_LINK";
    case storage::OneTimePurpose::kInvitation:
      return "INVITATION";
  }
  return "";
}

const char* StateName(storage::MailState state) {
  switch (state) {
    case storage::MailState::kRequested:
      return "REQUESTED";
    case storage::MailState::kWaiting:
      return "WAITING";
    case storage::MailState::kSent:
      return "SENT";
    case storage::MailState::kGivenUp:
      return "GIVEN_UP";
  }
  return "";
}

}  // namespace

absl::Status ToProto(const storage::Session& session, v1::ExportedSession& out) {
  out.set_id(session.id.ToString());
  out.set_label(session.label);
  out.set_thread_id(session.thread_id);
  out.set_ip_address(session.ip_address);
  out.set_user_agent(session.user_agent);
  for (const std::string& method : session.amr) out.add_amr(method);
  SetTimestamp(session.create_time, out.mutable_create_time());
  SetTimestamp(session.last_used_time, out.mutable_last_used_time());
  SetTimestamp(session.expire_time, out.mutable_expire_time());
  if (session.revoke_time) SetTimestamp(*session.revoke_time, out.mutable_revoke_time());
  out.set_revoke_reason(session.revoke_reason.value_or(""));
  return StructFromJson(session.context_json, out.mutable_context());
}

absl::Status ToProto(const storage::ThreadMessage& message, v1::ExportedMessage& out) {
  out.set_index(message.index);
  out.set_role(static_cast<int32_t>(message.role));
  SetTimestamp(message.create_time, out.mutable_create_time());
  return ValueFromJson(message.content_json, out.mutable_content());
}

void ToProto(const storage::UserThread& thread, v1::ExportedThread& out) {
  out.set_thread_id(thread.thread_id);
  out.set_message_count(thread.message_count);
  SetTimestamp(thread.create_time, out.mutable_create_time());
  SetTimestamp(thread.update_time, out.mutable_update_time());
}

void ToProto(const storage::TotpFactor& factor, v1::ExportedSecondFactor& out) {
  out.set_kind(v1::SECOND_FACTOR_KIND_TOTP);
  SetTimestamp(factor.create_time, out.mutable_create_time());
  if (factor.confirm_time) SetTimestamp(*factor.confirm_time, out.mutable_confirm_time());
}

void ToProto(const storage::OneTimeToken& token, v1::ExportedOneTimeToken& out) {
  out.set_purpose(PurposeName(token.key.purpose));
  out.set_email(token.email.value_or(""));
  SetTimestamp(token.create_time, out.mutable_create_time());
  SetTimestamp(token.expire_time, out.mutable_expire_time());
}

void ToProto(const storage::KeptMail& kept, v1::ExportedMail& out) {
  const std::optional<mail::MailContent> content = mail::MailContent::FromJson(kept.content);
  out.set_kind(std::string(storage::MailKindName(kept.kind)));
  out.set_state(StateName(kept.state));
  if (content) out.set_to(content->to);
  SetTimestamp(kept.create_time, out.mutable_create_time());
  SetTimestamp(kept.expire_time, out.mutable_expire_time());
  if (kept.end_time) SetTimestamp(*kept.end_time, out.mutable_end_time());
  out.set_attempt_count(kept.attempt_count);
  out.set_error(kept.last_outcome.error_class);
  out.set_smtp_code(kept.last_outcome.smtp_code);
}

void HideOthers(std::string_view user_id, storage::Event& event) {
  if (event.actor.id == user_id) return;
  event.actor = {.type = event.actor.type, .id = "", .label = ""};
  event.ip_address.clear();
  event.user_agent.clear();
  event.request_id.clear();
  event.trace_id.clear();
  event.session_id.clear();
}

}  // namespace gatehouse::service
