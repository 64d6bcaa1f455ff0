#include "service/session/session_validation.h"

#include <google/protobuf/struct.pb.h>

#include <utility>

#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/account_names.h"
#include "service/common/json.h"
#include "service/common/validate.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxLabelBytes = 200;
constexpr size_t kMaxCodeBytes = 100;
constexpr JsonLimits kContextLimits{.max_bytes = size_t{16} << 10};

absl::StatusOr<std::string> CheckCommon(FieldChecks& checks, const std::string& prefix,
                                        const std::string& label, const std::string& thread_id,
                                        const google::protobuf::Struct& context) {
  checks.Length(prefix + "label", label, 0, kMaxLabelBytes);
  checks.Length(prefix + "thread_id", thread_id, 0, kMaxThreadIdBytes);
  absl::StatusOr<std::string> json = JsonFromStruct(prefix + "context", context, kContextLimits);
  checks.Check(json.status());
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return *std::move(json);
}

}  // namespace

absl::StatusOr<std::string> CheckNewSession(const v1::CreateSessionRequest& request) {
  FieldChecks checks;
  checks.Length("login", request.login(), 1, kMaxRawNameBytes);
  // Any longer password is simply wrong; only its absence is a fault of form.
  if (request.password().empty()) checks.Fail("password", "is required");
  return CheckCommon(checks, "", request.label(), request.thread_id(), request.context());
}

absl::StatusOr<std::string> CheckNewSession(const v1::AnswerChallengeRequest& request) {
  FieldChecks checks;
  if (request.answer_case() == v1::AnswerChallengeRequest::ANSWER_NOT_SET) {
    checks.Fail("answer", "one of totp_code, recovery_code and passkey_json must be set");
  }
  checks.Length("recovery_code", request.recovery_code(), 0, kMaxCodeBytes);
  return CheckCommon(checks, "", request.label(), request.thread_id(), request.context());
}

absl::StatusOr<std::string> CheckNewSession(const v1::FinishMagicLinkRequest& request) {
  FieldChecks checks;
  checks.Length("recovery_code", request.recovery_code(), 0, kMaxCodeBytes);
  return CheckCommon(checks, "", request.label(), request.thread_id(), request.context());
}

absl::Status CheckPasskeyLogin(const v1::StartPasskeyLoginRequest& request) {
  FieldChecks checks;
  if (!request.challenge().empty() && !request.magic_link_token().empty()) {
    checks.Fail("magic_link_token", "must be empty where there is a challenge");
  }
  return checks.ToStatus();
}

absl::StatusOr<std::string> CheckNewSession(const v1::FinishPasskeyLoginRequest& request) {
  FieldChecks checks;
  return CheckCommon(checks, "", request.label(), request.thread_id(), request.context());
}

absl::Status CheckStepUp(const v1::StepUpSessionRequest& request) {
  FieldChecks checks;
  if (request.proof_case() == v1::StepUpSessionRequest::PROOF_NOT_SET) {
    checks.Fail("proof", "one of password, totp_code, recovery_code and passkey_json must be set");
  }
  checks.Length("recovery_code", request.recovery_code(), 0, kMaxCodeBytes);
  return checks.ToStatus();
}

absl::StatusOr<std::string> CheckSession(const v1::Session& session) {
  FieldChecks checks;
  return CheckCommon(checks, "session.", session.label(), session.thread_id(), session.context());
}

}  // namespace gatehouse::service
