#ifndef GATEHOUSE_SERVICE_USER_USER_RULES_H_
#define GATEHOUSE_SERVICE_USER_USER_RULES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/principal.h"
#include "base/time.h"
#include "storage/api_key/api_key_store.h"
#include "storage/change.h"
#include "storage/event.h"
#include "storage/user/user.h"

namespace gatehouse::service {

// PERMISSION_DENIED if `changed` (names of kUserFields) has what users may not
// change about themselves.
absl::Status CheckOwnChange(const std::vector<std::string>& changed);
// The same for deleting oneself.
absl::Status DeletesItself();

// True if the caller is that user.
bool IsSelf(const base::Principal& caller, const storage::User& user);

absl::Status UserNotFound();
absl::Status RoleNotFound();
absl::Status ApiKeyNotFound();

// auth::CheckNewPassword of a password that is to be `user`'s.
absl::StatusOr<std::string> CheckPasswordOf(const storage::User& user, std::string_view field,
                                            std::string_view password);

// An event about `user`. Details are names and codes, never what a field holds.
storage::Event UserEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                         const storage::User& user, std::string details_json = "{}");
// An event about an API key.
storage::Event KeyEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                        const storage::ApiKey& key, std::string details_json = "{}");
// An event about `user` by itself: of a call without credentials whose token proves who it is.
storage::Event OwnEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                        const storage::User& user, std::string details_json = "{}");
// user.sessions_revoked.
storage::Event SessionsRevokedEvent(const base::CallContext& ctx, base::Time now,
                                    const storage::User& user, std::string_view reason);

// The events of a change: one for the profile, and one each for role and state. nullopt if
// `before` and `after` have the same fields.
std::optional<storage::ChangeEvents> UpdateEvents(const base::CallContext& ctx, base::Time now,
                                                  const storage::User& before,
                                                  const storage::User& after);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_USER_RULES_H_
