#ifndef GATEHOUSE_SERVICE_USER_USER_SERVICE_H_
#define GATEHOUSE_SERVICE_USER_USER_SERVICE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/limits/rate_limiter.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/common/idempotent.h"
#include "service/common/page_token.h"
#include "storage/api_key/api_key_store.h"
#include "storage/role/role_store.h"
#include "storage/user/user_store.h"

namespace gatehouse::auth {
class Authenticator;
class PasswordHasher;
}  // namespace gatehouse::auth

namespace gatehouse::storage {
class EventStore;
}

namespace gatehouse::v1 {
class BatchGetUsersRequest;
class BatchGetUsersResponse;
class CreateApiKeyRequest;
class CreateApiKeyResponse;
class CreateUserRequest;
class CreateUserResponse;
class DeleteUserRequest;
class DeleteUserResponse;
class GetUserRequest;
class GetUserResponse;
class ListApiKeysRequest;
class ListApiKeysResponse;
class ListUsersRequest;
class ListUsersResponse;
class RevokeApiKeyRequest;
class RevokeApiKeyResponse;
class SetPasswordRequest;
class SetPasswordResponse;
class UndeleteUserRequest;
class UndeleteUserResponse;
class UpdateUserRequest;
class UpdateUserResponse;
}  // namespace gatehouse::v1

namespace gatehouse::service {

// gatehouse.v1.UserService; what each method does stands in the .proto file.
//
// Immutable; its methods run on the loop of their context, any number at a time.
// What it is made of outlives it, and it outlives its calls. Cancelled calls
// end where they wait; a change already sent may still take effect, whole.
class UserService {
 public:
  struct Deps {
    storage::UserStore& users;
    storage::RoleStore& roles;
    storage::ApiKeyStore& api_keys;
    storage::EventStore& events;
    IdempotentCalls& once;
    const PageTokens& page_tokens;
    auth::PasswordHasher& hasher;
    // Told of what was revoked, so that this instance refuses it at once.
    auth::Authenticator& authenticator;
    const base::Clock& clock;
  };

  // Names that a caller without users.read tries for itself, taken or free: enough for a person
  // who looks for one, too few to find out who has an account.
  static constexpr auth::RateLimit kOwnNames = {.rate = 5.0 / 60, .burst = 10};

  explicit UserService(Deps deps) : deps_(deps), own_names_(kOwnNames), recorded_(kRecorded) {}

  template <typename T>
  using Result = base::Task<absl::StatusOr<T>>;

  Result<v1::CreateUserResponse> CreateUser(base::CallContext ctx, v1::CreateUserRequest request,
                                            MutationKey key = {});
  Result<v1::GetUserResponse> GetUser(base::CallContext ctx, v1::GetUserRequest request);
  Result<v1::BatchGetUsersResponse> BatchGetUsers(base::CallContext ctx,
                                                  v1::BatchGetUsersRequest request);
  Result<v1::ListUsersResponse> ListUsers(base::CallContext ctx, v1::ListUsersRequest request);
  Result<v1::UpdateUserResponse> UpdateUser(base::CallContext ctx, v1::UpdateUserRequest request,
                                            MutationKey key = {});
  Result<v1::DeleteUserResponse> DeleteUser(base::CallContext ctx, v1::DeleteUserRequest request,
                                            MutationKey key = {});
  Result<v1::UndeleteUserResponse> UndeleteUser(base::CallContext ctx,
                                                v1::UndeleteUserRequest request,
                                                MutationKey key = {});
  Result<v1::SetPasswordResponse> SetPassword(base::CallContext ctx, v1::SetPasswordRequest request,
                                              MutationKey key = {});
  Result<v1::CreateApiKeyResponse> CreateApiKey(base::CallContext ctx,
                                                v1::CreateApiKeyRequest request,
                                                MutationKey key = {});
  Result<v1::ListApiKeysResponse> ListApiKeys(base::CallContext ctx,
                                              v1::ListApiKeysRequest request);
  Result<v1::RevokeApiKeyResponse> RevokeApiKey(base::CallContext ctx,
                                                v1::RevokeApiKeyRequest request,
                                                MutationKey key = {});

  // What runs its mutations; of these not all look for an earlier answer first.
  IdempotentCalls& once() const { return deps_.once; }
  static Replay ReplayOf(const v1::CreateUserRequest& request);
  static Replay ReplayOf(const v1::CreateApiKeyRequest& request);

 private:
  // USER_NOT_FOUND if there is none or it is deleted.
  Result<storage::User> ReadUser(base::CallContext ctx, base::Uuid id);
  // USERNAME_TAKEN, EMAIL_TAKEN if another user has one of them now: for calls
  // that only validate, which the indexes do not guard.
  base::Task<absl::Status> CheckNamesAreFree(base::CallContext ctx, storage::User user);
  // ROLE_NOT_FOUND if the tenant has no such role. As above.
  base::Task<absl::Status> CheckRoleExists(base::CallContext ctx, std::string role);
  // RequireWithinOwn about what `role` permits: nothing, if there is none.
  base::Task<absl::Status> RequireRoleWithinOwn(base::CallContext ctx, std::string role);
  // Whether the caller may ask, by changing a name or validating that, whether it is taken.
  // Whom users.read tells anyway may; others RATE_LIMITED beyond kOwnNames, which is recorded.
  base::Task<absl::Status> MayTryNames(base::CallContext ctx, std::vector<std::string> changed);
  // Whether the caller may make that change; `changed`: names of kUserFields.
  base::Task<absl::Status> MayChange(base::CallContext ctx, storage::User before,
                                     std::string role_after, std::vector<std::string> changed);

  // Of the refusals of one caller, which may call as fast as it can.
  static constexpr auth::RateLimit kRecorded = {.rate = 1.0 / 60, .burst = 5};

  const Deps deps_;
  auth::RateLimiter own_names_;
  auth::RateLimiter recorded_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_USER_SERVICE_H_
