#ifndef GATEHOUSE_SERVICE_SESSION_SESSION_VALIDATION_H_
#define GATEHOUSE_SERVICE_SESSION_SESSION_VALIDATION_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gatehouse::v1 {
class AnswerChallengeRequest;
class CreateSessionRequest;
class FinishMagicLinkRequest;
class FinishPasskeyLoginRequest;
class Session;
class StartPasskeyLoginRequest;
class StepUpSessionRequest;
}  // namespace gatehouse::v1

namespace gatehouse::service {

inline constexpr size_t kMaxThreadIdBytes = 200;

// The limits of session.proto. All return the context as JSON text.
absl::StatusOr<std::string> CheckNewSession(const v1::CreateSessionRequest& request);
absl::StatusOr<std::string> CheckNewSession(const v1::AnswerChallengeRequest& request);
absl::StatusOr<std::string> CheckNewSession(const v1::FinishMagicLinkRequest& request);
absl::StatusOr<std::string> CheckNewSession(const v1::FinishPasskeyLoginRequest& request);
absl::StatusOr<std::string> CheckSession(const v1::Session& session);

absl::Status CheckPasskeyLogin(const v1::StartPasskeyLoginRequest& request);
absl::Status CheckStepUp(const v1::StepUpSessionRequest& request);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_SESSION_VALIDATION_H_
