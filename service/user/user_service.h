#ifndef GATEHOUSE_SERVICE_USER_USER_SERVICE_H_
#define GATEHOUSE_SERVICE_USER_USER_SERVICE_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "rpc/method/message_stream.h"
#include "service/common/idempotent.h"
#include "service/user/bulk/bulk_messages.h"
#include "service/user/bulk/import_state.h"
#include "service/user/user_deps.h"
#include "service/user/user_limits.h"
#include "service/user/user_messages.h"
#include "storage/api_key/api_key_store.h"
#include "storage/mail/mail.h"
#include "storage/one_time_token/one_time_token_store.h"
#include "storage/passkey/passkey_store.h"
#include "storage/role/role_store.h"
#include "storage/second_factor/second_factor_store.h"
#include "storage/user/user_store.h"

namespace gatehouse::service {

// gatehouse.v1.UserService; what each method does stands in the .proto file.
//
// Immutable; its methods run on the loop of their context, any number at a time.
// What it is made of outlives it, and it outlives its calls. Cancelled calls
// end where they wait; a change already sent may still take effect, whole.
class UserService {
 public:
  using Deps = UserDeps;

  explicit UserService(Deps deps) : deps_(std::move(deps)), limits_(deps_.events, deps_.clock) {}

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
  Result<v1::PurgeUserResponse> PurgeUser(base::CallContext ctx, v1::PurgeUserRequest request,
                                          MutationKey key = {});
  Result<v1::EraseUserResponse> EraseUser(base::CallContext ctx, v1::EraseUserRequest request,
                                          MutationKey key = {});
  base::Task<absl::Status> ExportUser(base::CallContext ctx, v1::ExportUserRequest request,
                                      rpc::Writer<v1::ExportUserResponse> writer);
  base::Task<absl::Status> ImportUsers(base::CallContext ctx,
                                       rpc::Reader<v1::ImportUsersRequest> reader,
                                       rpc::Writer<v1::ImportUsersResponse> writer);
  // One message of ImportUsers; `state` is that of its stream.
  Result<v1::ImportUsersResponse> ImportBatch(base::CallContext ctx, v1::ImportUsersRequest request,
                                              ImportState* state);
  Result<v1::SetPasswordResponse> SetPassword(base::CallContext ctx, v1::SetPasswordRequest request,
                                              MutationKey key = {});
  Result<v1::ChangePasswordResponse> ChangePassword(base::CallContext ctx,
                                                    v1::ChangePasswordRequest request,
                                                    MutationKey key = {});
  Result<v1::StartPasswordResetResponse> StartPasswordReset(base::CallContext ctx,
                                                            v1::StartPasswordResetRequest request,
                                                            MutationKey key = {});
  Result<v1::RequestPasswordResetResponse> RequestPasswordReset(
      base::CallContext ctx, v1::RequestPasswordResetRequest request);
  Result<v1::InviteUserResponse> InviteUser(base::CallContext ctx, v1::InviteUserRequest request,
                                            MutationKey key = {});
  Result<v1::FinishPasswordResetResponse> FinishPasswordReset(
      base::CallContext ctx, v1::FinishPasswordResetRequest request);
  Result<v1::StartEmailVerificationResponse> StartEmailVerification(
      base::CallContext ctx, v1::StartEmailVerificationRequest request, MutationKey key = {});
  Result<v1::FinishEmailVerificationResponse> FinishEmailVerification(
      base::CallContext ctx, v1::FinishEmailVerificationRequest request);
  Result<v1::EnrollTotpResponse> EnrollTotp(base::CallContext ctx, v1::EnrollTotpRequest request,
                                            MutationKey key = {});
  Result<v1::ConfirmTotpResponse> ConfirmTotp(base::CallContext ctx, v1::ConfirmTotpRequest request,
                                              MutationKey key = {});
  Result<v1::RemoveTotpResponse> RemoveTotp(base::CallContext ctx, v1::RemoveTotpRequest request,
                                            MutationKey key = {});
  Result<v1::ReplaceRecoveryCodesResponse> ReplaceRecoveryCodes(
      base::CallContext ctx, v1::ReplaceRecoveryCodesRequest request, MutationKey key = {});
  Result<v1::StartPasskeyRegistrationResponse> StartPasskeyRegistration(
      base::CallContext ctx, v1::StartPasskeyRegistrationRequest request);
  Result<v1::FinishPasskeyRegistrationResponse> FinishPasskeyRegistration(
      base::CallContext ctx, v1::FinishPasskeyRegistrationRequest request, MutationKey key = {});
  Result<v1::ListPasskeysResponse> ListPasskeys(base::CallContext ctx,
                                                v1::ListPasskeysRequest request);
  Result<v1::RenamePasskeyResponse> RenamePasskey(base::CallContext ctx,
                                                  v1::RenamePasskeyRequest request,
                                                  MutationKey key = {});
  Result<v1::RemovePasskeyResponse> RemovePasskey(base::CallContext ctx,
                                                  v1::RemovePasskeyRequest request,
                                                  MutationKey key = {});
  Result<v1::SetPasskeyFactorResponse> SetPasskeyFactor(base::CallContext ctx,
                                                        v1::SetPasskeyFactorRequest request,
                                                        MutationKey key = {});
  Result<v1::ListRememberedDevicesResponse> ListRememberedDevices(
      base::CallContext ctx, v1::ListRememberedDevicesRequest request);
  Result<v1::ForgetDevicesResponse> ForgetDevices(base::CallContext ctx,
                                                  v1::ForgetDevicesRequest request,
                                                  MutationKey key = {});
  Result<v1::CreateRoleResponse> CreateRole(base::CallContext ctx, v1::CreateRoleRequest request,
                                            MutationKey key = {});
  Result<v1::GetRoleResponse> GetRole(base::CallContext ctx, v1::GetRoleRequest request);
  Result<v1::ListRolesResponse> ListRoles(base::CallContext ctx, v1::ListRolesRequest request);
  Result<v1::UpdateRoleResponse> UpdateRole(base::CallContext ctx, v1::UpdateRoleRequest request,
                                            MutationKey key = {});
  Result<v1::DeleteRoleResponse> DeleteRole(base::CallContext ctx, v1::DeleteRoleRequest request,
                                            MutationKey key = {});
  Result<v1::CreateApiKeyResponse> CreateApiKey(base::CallContext ctx,
                                                v1::CreateApiKeyRequest request,
                                                MutationKey key = {});
  Result<v1::ListApiKeysResponse> ListApiKeys(base::CallContext ctx,
                                              v1::ListApiKeysRequest request);
  Result<v1::RevokeApiKeyResponse> RevokeApiKey(base::CallContext ctx,
                                                v1::RevokeApiKeyRequest request,
                                                MutationKey key = {});
  Result<v1::RotateApiKeyResponse> RotateApiKey(base::CallContext ctx,
                                                v1::RotateApiKeyRequest request,
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
  // Whether Create would take it, but for what its form and the caller's rights say: for calls that
  // only validate. ID_TAKEN, ROLE_NOT_FOUND, as above and as MayTryNames.
  base::Task<absl::Status> CheckCanBeAdded(base::CallContext ctx, storage::User user);
  // A role of the tenant's own that the caller may change: ROLE_NOT_FOUND, PERMISSION_DENIED.
  Result<storage::Role> ReadOwnRole(base::CallContext ctx, std::string name);
  // ROLE_NOT_FOUND if the tenant has no such role. As above.
  base::Task<absl::Status> CheckRoleExists(base::CallContext ctx, std::string role);
  // RequireWithinOwn about what `role` permits: nothing, if there is none.
  base::Task<absl::Status> RequireRoleWithinOwn(base::CallContext ctx, std::string role);
  // Whether the caller may ask whether a name is taken, by what leaves no user behind that has it.
  // Whom users.read tells anyway may; others RATE_LIMITED beyond UserLimits::kTriedNames, which is
  // recorded.
  base::Task<absl::Status> MayTryNames(base::CallContext ctx);
  // Whether the caller may make that change; `changed`: names of kUserFields. STEP_UP_REQUIRED for
  // an address of its own.
  base::Task<absl::Status> MayChange(base::CallContext ctx, storage::User before,
                                     std::string role_after, std::vector<std::string> changed);

  // Moves the rows to the failures whose names are taken or whose roles there are not.
  base::Task<absl::Status> RefuseRows(base::CallContext ctx, ImportBatchRows* batch);
  // A deleted user that the caller may purge. USER_NOT_FOUND, CONSTRAINT_VIOLATED, ETAG_MISMATCH.
  Result<storage::User> ReadDeletedUser(base::CallContext ctx, base::Uuid id, std::string etag);
  // Removes the account of a deleted user with the API keys that end with it. ETAG_MISMATCH if it
  // was changed meanwhile.
  base::Task<absl::Status> PurgeAccount(base::CallContext ctx, storage::User user, bool erase,
                                        base::Time now, storage::Change change);
  // CheckPasswordOf, and whether it is a stolen one: for every new password. PASSWORD_POLICY.
  Result<std::string> CheckNewPassword(base::CallContext ctx, storage::User user, std::string field,
                                       std::string password);
  // PASSWORD_POLICY if it is one of the passwords that the user has had last, as far as
  // auth.password_history goes back; each costs a hash. Not compared with the hash `but`: the
  // caller did that.
  base::Task<absl::Status> RefuseLastPasswords(base::CallContext ctx, storage::User user,
                                               std::string field, std::string password,
                                               std::optional<std::string> but = std::nullopt);
  // The caller, if it is a user; PERMISSION_DENIED.
  Result<storage::User> ReadSelf(base::CallContext ctx);
  // OK, or STEP_UP_REQUIRED: `user` is the caller, who changes how it is known.
  absl::Status RequireStepUp(const base::CallContext& ctx, const storage::User& user) const;
  // A passkey of a user, by its id; PASSKEY_NOT_FOUND.
  Result<storage::Passkey> ReadPasskey(base::CallContext ctx, base::Uuid user_id, base::Uuid id);
  // Whether the caller's password is `password`: its hash, or PASSWORD_INCORRECT, which is
  // recorded. RATE_LIMITED beyond UserLimits::kOwnPasswords.
  Result<std::string> VerifyOwnPassword(base::CallContext ctx, storage::User user,
                                        std::string password);
  // The user of a request that names one by id or by what it logs in with.
  Result<storage::User> FindUser(base::CallContext ctx, v1::StartPasswordResetRequest request);
  // Makes a token and keeps it; `change` is what is on record of that. With `mail` the server
  // sends it there, and what is returned is empty. RATE_LIMITED beyond
  // UserLimits::kTokensOfUser. With `validate_only` nothing is kept, counted or returned.
  struct TokenMail {
    storage::MailKind kind;
    std::string to;
  };
  Result<std::string> MakeToken(base::CallContext ctx, storage::User user,
                                storage::OneTimeToken token, storage::Change change,
                                std::optional<TokenMail> mail, bool validate_only);
  // What a token is about, which `key` was read of; nullopt: nothing. ONE_TIME_TOKEN_INVALID.
  struct TokenUse {
    storage::OneTimeToken token;
    storage::User user;
  };
  Result<TokenUse> FindToken(base::CallContext ctx, std::optional<storage::OneTimeTokenKey> key,
                             base::Time now);

  const Deps deps_;
  UserLimits limits_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_USER_SERVICE_H_
