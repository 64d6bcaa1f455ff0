#ifndef GATEHOUSE_STORAGE_EVENT_TYPES_H_
#define GATEHOUSE_STORAGE_EVENT_TYPES_H_

#include <array>
#include <string_view>

namespace gatehouse::storage::event_types {

// The events of the server's own changes. Stable: consumers filter by them.
inline constexpr std::string_view kUserCreated = "user.created";
inline constexpr std::string_view kUserUpdated = "user.updated";
inline constexpr std::string_view kUserRoleChanged = "user.role_changed";
inline constexpr std::string_view kUserDisabled = "user.disabled";
inline constexpr std::string_view kUserEnabled = "user.enabled";
inline constexpr std::string_view kUserDeleted = "user.deleted";
inline constexpr std::string_view kUserPasswordChanged = "user.password_changed";
inline constexpr std::string_view kRoleCreated = "role.created";
inline constexpr std::string_view kRoleUpdated = "role.updated";
inline constexpr std::string_view kApiKeyCreated = "api_key.created";
inline constexpr std::string_view kApiKeyRevoked = "api_key.revoked";
inline constexpr std::string_view kSessionCreated = "session.created";
inline constexpr std::string_view kSessionRefreshed = "session.refreshed";
inline constexpr std::string_view kSessionUpdated = "session.updated";
inline constexpr std::string_view kSessionRevoked = "session.revoked";
// All sessions of a user, or all but one: one event, however many they were.
inline constexpr std::string_view kUserSessionsRevoked = "user.sessions_revoked";
inline constexpr std::string_view kSessionLoginFailed = "session.login_failed";
inline constexpr std::string_view kSessionTokenReused = "session.refresh_token_reused";
inline constexpr std::string_view kEndpointCreated = "endpoint.created";
inline constexpr std::string_view kEndpointUpdated = "endpoint.updated";
inline constexpr std::string_view kEndpointDeleted = "endpoint.deleted";
inline constexpr std::string_view kEndpointDisabled = "endpoint.disabled";
// A caller lacked the permission for a method.
inline constexpr std::string_view kCallDenied = "gatehouse.call_denied";
inline constexpr std::string_view kSigningKeyRotated = "gatehouse.signing_key_rotated";

// First words callers may not use for events of their own.
inline constexpr std::array<std::string_view, 8> kReservedPrefixes = {
    "user.", "role.", "session.", "api_key.", "event.", "endpoint.", "webhook.", "gatehouse."};

}  // namespace gatehouse::storage::event_types

#endif  // GATEHOUSE_STORAGE_EVENT_TYPES_H_
