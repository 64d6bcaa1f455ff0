#ifndef GATEHOUSE_SERVICE_SESSION_SESSION_MESSAGES_H_
#define GATEHOUSE_SERVICE_SESSION_SESSION_MESSAGES_H_

// What SessionService takes and answers, by name: the messages are for its .cc files.
namespace gatehouse::v1 {
class AnswerChallengeRequest;
class AnswerChallengeResponse;
class AppendMessagesRequest;
class AppendMessagesResponse;
class CreateSessionRequest;
class CreateSessionResponse;
class DeleteThreadRequest;
class DeleteThreadResponse;
class FinishMagicLinkRequest;
class FinishMagicLinkResponse;
class FinishPasskeyLoginRequest;
class FinishPasskeyLoginResponse;
class GetJwksRequest;
class GetJwksResponse;
class GetSessionRequest;
class GetSessionResponse;
class IntrospectTokenRequest;
class IntrospectTokenResponse;
class ListMessagesRequest;
class ListMessagesResponse;
class ListSessionsRequest;
class ListSessionsResponse;
class ListThreadsRequest;
class ListThreadsResponse;
class RefreshSessionRequest;
class RefreshSessionResponse;
class RequestMagicLinkRequest;
class RequestMagicLinkResponse;
class RevokeSessionRequest;
class RevokeSessionResponse;
class RevokeUserSessionsRequest;
class RevokeUserSessionsResponse;
class StartPasskeyLoginRequest;
class StartPasskeyLoginResponse;
class StartPasskeyStepUpRequest;
class StartPasskeyStepUpResponse;
class StepUpSessionRequest;
class StepUpSessionResponse;
class UpdateSessionRequest;
class UpdateSessionResponse;
class VerifySessionRequest;
class VerifySessionResponse;
class WatchRevocationsRequest;
class WatchRevocationsResponse;
}  // namespace gatehouse::v1

#endif  // GATEHOUSE_SERVICE_SESSION_SESSION_MESSAGES_H_
