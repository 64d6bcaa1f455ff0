#ifndef GATEHOUSE_STORAGE_EVENT_TYPES_H_
#define GATEHOUSE_STORAGE_EVENT_TYPES_H_

#include <array>
#include <string_view>

namespace gatehouse::storage::event_types {

// The events of the server's own changes. Stable: consumers filter by them. docs/event-types.md
// is made of this list. The comment of each says when it is written, then who its actor and
// what its targets are; names in backticks are members of its details.

// A user was created; `imported` says so of one who came by ImportUsers. Actor: the caller.
// Target: the user.
inline constexpr std::string_view kUserCreated = "user.created";
// Fields of a user's profile were changed; `fields` names them. Actor: the caller. Target: the
// user.
inline constexpr std::string_view kUserUpdated = "user.updated";
// A user got another role; `from` and `to` name both. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserRoleChanged = "user.role_changed";
// A user was disabled. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserDisabled = "user.disabled";
// A disabled user was enabled again. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserEnabled = "user.enabled";
// A user was deleted; what is left of it is purged at its purge_time. `api_keys` has the ids of the
// API keys it made that were good then. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserDeleted = "user.deleted";
// What was left of a deleted user's account is gone: `by` says whether its time was over, "TIME",
// or somebody asked for it, "CALLER". Actor: the caller, or system. Target: the user.
inline constexpr std::string_view kUserPurged = "user.purged";
// A deleted user is to be forgotten: its account is gone, its sessions, threads and names in the
// log go next; `reason` says why, as it was given. Who keeps data about the user should do the
// same. Actor: the caller. Target: the user, whose id stays in this event.
inline constexpr std::string_view kUserErased = "user.erased";
// Nothing is left of a user who was to be forgotten; `events` counts the events whose names of it
// were erased. Actor: system. Target: the user, whose id stays in this event.
inline constexpr std::string_view kUserErasureFinished = "user.erasure_finished";
// A deleted user was brought back. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserUndeleted = "user.undeleted";
// A user's password was set; `keep_sessions` says whether its sessions go on, `by` how it came:
// "ADMINISTRATOR", "USER" who knew the one before, or "RESET" by a one-time token. Actor: the
// caller, or the user whose token it was. Target: the user.
inline constexpr std::string_view kUserPasswordChanged = "user.password_changed";
// A login with a second factor replaced the hash of a user's password by a newer one of the same
// password, for a login without one does so with `session.created`; `from` and `to` name their
// kinds. Actor: the user. Target: the user.
inline constexpr std::string_view kUserPasswordUpgraded = "user.password_upgraded";
// A user gave a wrong current password for another one. Actor: the user. Target: the user.
inline constexpr std::string_view kUserPasswordRefused = "user.password_refused";
// A one-time token was made by which a user's password can be reset; `delivery` is "MAIL" where the
// server sends it. Actor: the caller, anonymous if somebody asked for the mail. Target: the user.
inline constexpr std::string_view kUserPasswordResetStarted = "user.password_reset_started";
// A one-time token was made by which an address is proven to be a user's; `new_address` says
// whether it is another one than the user has. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserEmailVerificationStarted = "user.email_verification_started";
// An address was proven to be a user's; `new_address` says whether the user got it thereby. Actor:
// the user whose token it was. Target: the user.
inline constexpr std::string_view kUserEmailVerified = "user.email_verified";
// A one-time token was made by which a user can log in without a password; `delivery` is "MAIL".
// Actor: anonymous: somebody asked for the mail. Target: the user.
inline constexpr std::string_view kUserMagicLinkStarted = "user.magic_link_started";
// A user was created to choose a password by a one-time token; `delivery` is "MAIL" where the
// server sends it. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserInvited = "user.invited";
// A user got a second factor, which its logins take from now on; `factor` is "PASSKEY" where they
// ask for its passkeys, absent for an authenticator app that it confirmed. Actor: the caller.
// Target: the user.
inline constexpr std::string_view kUserSecondFactorAdded = "user.second_factor_added";
// A user's authenticator app was removed, or its logins do not ask for a passkey any more (`factor`
// is "PASSKEY"); with the last second factor its recovery codes go. Actor: the caller. Target: the
// user.
inline constexpr std::string_view kUserSecondFactorRemoved = "user.second_factor_removed";
// A secret for an authenticator app was made, which counts for nothing before it is confirmed.
// Actor: the caller. Target: the user.
inline constexpr std::string_view kUserTotpEnrolled = "user.totp_enrolled";
// A user got other recovery codes. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserRecoveryCodesReplaced = "user.recovery_codes_replaced";
// A user got a passkey; `algorithm` and `aaguid` say of which kind. Actor: the caller. Target: the
// user and the passkey.
inline constexpr std::string_view kUserPasskeyAdded = "user.passkey_added";
// A user's passkey got another name. Actor: the caller. Target: the user and the passkey.
inline constexpr std::string_view kUserPasskeyRenamed = "user.passkey_renamed";
// A user's passkey was removed. Actor: the caller. Target: the user and the passkey.
inline constexpr std::string_view kUserPasskeyRemoved = "user.passkey_removed";
// A passkey signed with a count that it had passed before: there may be a copy of it, and the login
// was refused. `count` is what it said, `last_count` what it had said. Actor: anonymous, or the
// caller. Target: the user and the passkey.
inline constexpr std::string_view kUserPasskeyCloned = "user.passkey_count_went_back";
// A device was remembered: a user's logins there take no second factor for `expire_ms`. Actor: the
// user. Target: the user and the device.
inline constexpr std::string_view kUserDeviceRemembered = "user.device_remembered";
// A device of a user was forgotten, or all of them. Actor: the caller. Target: the user and, if it
// was one, the device.
inline constexpr std::string_view kUserDevicesForgotten = "user.devices_forgotten";
// All sessions of a user were ended, or all but one: one event, however many they were;
// `reason` says why. Actor: the caller. Target: the user.
inline constexpr std::string_view kUserSessionsRevoked = "user.sessions_revoked";
// A role was created; `permissions` lists what it permits. Actor: the caller, or system for a seed
// file. Target: the role.
inline constexpr std::string_view kRoleCreated = "role.created";
// The permissions of a role were changed; `from` and `to` list them. Actor: the caller, or system
// for a seed file. Target: the role.
inline constexpr std::string_view kRoleUpdated = "role.updated";
// A role that nobody had was deleted. Actor: the caller. Target: the role.
inline constexpr std::string_view kRoleDeleted = "role.deleted";
// An API key was created; `permissions` lists what it permits. Actor: the caller. Target: the
// key.
inline constexpr std::string_view kApiKeyCreated = "api_key.created";
// An API key was revoked, by somebody or because the user was purged with whom it ends. Actor: the
// caller, or system where that user's time was over. Target: the key.
inline constexpr std::string_view kApiKeyRevoked = "api_key.revoked";
// An API key got another secret; the one before is good for `overlap_ms`. Actor: the caller.
// Target: the key.
inline constexpr std::string_view kApiKeyRotated = "api_key.rotated";
// Somebody logged in. Actor: the user. Target: the session and the user.
inline constexpr std::string_view kSessionCreated = "session.created";
// A refresh token was exchanged for new tokens. Actor: the user. Target: the session and the
// user.
inline constexpr std::string_view kSessionRefreshed = "session.refreshed";
// Fields of a session were changed; `fields` names them. Actor: the caller. Target: the
// session and the user.
inline constexpr std::string_view kSessionUpdated = "session.updated";
// The user of a session proved again who they are; `amr` is all that the session has proven, `by`
// what was proven now. Actor: the user. Target: the session and the user.
inline constexpr std::string_view kSessionSteppedUp = "session.stepped_up";
// What was to prove it was wrong; `by` says what it was. Actor: the user. Target: the session and
// the user.
inline constexpr std::string_view kSessionStepUpRefused = "session.step_up_refused";
// One session was ended; `reason` says why, LOGOUT for a logout. Actor: the caller, or the
// user whose refresh token was reused. Target: the session and the user.
inline constexpr std::string_view kSessionRevoked = "session.revoked";
// A login was refused. Many of one address are counted, and written every minute: `count` says
// how many, `refused` how many of them were refused unseen, `window_ms` from the first to the
// last. Actor: anonymous. Target: the user if there is one with that login, else none.
inline constexpr std::string_view kSessionLoginFailed = "session.login_failed";
// An old refresh token was used again, which ends its session; `generations_behind` says how
// old it is. Actor: the user. Target: the session and the user.
inline constexpr std::string_view kSessionTokenReused = "session.refresh_token_reused";
// Messages were added to a conversation thread; `message_ids` names them, `count` says how many.
// What they hold is nowhere in the log. Actor: the caller. Target: the thread, by its name, and
// the user.
inline constexpr std::string_view kThreadAppended = "session.messages_appended";
// A conversation thread was deleted with its messages; `count` says how many. Actor: the caller.
// Target: the thread, by its name, and the user.
inline constexpr std::string_view kThreadDeleted = "session.thread_deleted";
// A webhook endpoint was created. Actor: the caller. Target: the endpoint.
inline constexpr std::string_view kEndpointCreated = "endpoint.created";
// A webhook endpoint was changed, paused or resumed; `fields` names what was. Actor: the
// caller. Target: the endpoint.
inline constexpr std::string_view kEndpointUpdated = "endpoint.updated";
// A webhook endpoint got another signing secret, which `secret_id` names, of the scheme `scheme`;
// those before it sign beside it for `overlap_ms`. Actor: the caller. Target: the endpoint.
inline constexpr std::string_view kEndpointSecretRotated = "endpoint.secret_rotated";
// A webhook endpoint was sent a `webhook.ping` on request, under the id `webhook_id`. Actor: the
// caller. Target: the endpoint.
inline constexpr std::string_view kEndpointTested = "endpoint.tested";
// A webhook endpoint was deleted. Actor: the caller. Target: the endpoint.
inline constexpr std::string_view kEndpointDeleted = "endpoint.deleted";
// The server switched an endpoint off, because it answered 410 or failed for too long;
// `reason` says which. Actor: system. Target: the endpoint.
inline constexpr std::string_view kEndpointDisabled = "endpoint.disabled";
// A type was added to the catalogue of event types. Actor: the caller. Target: the event type, by
// its name.
inline constexpr std::string_view kEventTypeCreated = "event_type.created";
// What the catalogue says of a type was changed; `fields` names what was. Actor: the caller.
// Target: the event type, by its name.
inline constexpr std::string_view kEventTypeUpdated = "event_type.updated";
// A type was taken out of the catalogue. Actor: the caller. Target: the event type, by its name.
inline constexpr std::string_view kEventTypeDeleted = "event_type.deleted";
// Events of whole days are no longer kept: what has its place in the log and was recorded before
// `kept_from` goes from then on, from its beginning, as far as nobody waits for it. In the default
// tenant, for the logs of all. Actor: system. Target: the log.
inline constexpr std::string_view kEventDaysExpired = "event.days_expired";
// What TestEndpoint sends to one endpoint; it is in no log. Actor: system. Target: the endpoint.
inline constexpr std::string_view kWebhookPing = "webhook.ping";
// An event is to be sent to a webhook endpoint again; `event_type` is its type. Actor: the
// caller. Target: the endpoint and the event.
inline constexpr std::string_view kWebhookRedelivered = "webhook.redelivered";
// Somebody started a replay: what is in the log from `from_index` to `to_index` is sent to a
// webhook endpoint again. Actor: the caller. Target: the endpoint and the replay.
inline constexpr std::string_view kWebhookReplayStarted = "webhook.replay_started";
// Events of a replay are to be sent, all of them between `from_index` and `to_index` of the log.
// Actor: system. Target: the endpoint and the replay.
inline constexpr std::string_view kWebhookEventsReplayed = "webhook.events_replayed";
// A replay was cancelled after it had scheduled `scheduled` events. Actor: the caller. Target: the
// endpoint and the replay.
inline constexpr std::string_view kWebhookReplayCancelled = "webhook.replay_cancelled";
// A replay has ended, with `scheduled` events scheduled; `failure` says why, if not because it is
// through. Actor: system. Target: the endpoint and the replay.
inline constexpr std::string_view kWebhookReplayFinished = "webhook.replay_finished";
// The first pull of a name made a subscription, which begins after `position`; `event_types` are
// those it asked for. Actor: the caller. Target: the subscription, by its name.
inline constexpr std::string_view kWebhookSubscribed = "webhook.subscription_created";
// A subscription was deleted with its `position`, by somebody or because nobody pulled it any more.
// Actor: the caller, or system. Target: the subscription, by its name.
inline constexpr std::string_view kWebhookUnsubscribed = "webhook.subscription_deleted";
// An alert was opened, or rose to a higher `level`; `kind` and `severity` say what it is. Actor:
// system, or the caller who noticed. Target: the alert and, unless it is about the server, the
// endpoint.
inline constexpr std::string_view kAlertOpened = "alert.opened";
// Somebody said that they are at it; `kind`, `severity` and `level` as they were. Actor: the
// caller. Target: as alert.opened.
inline constexpr std::string_view kAlertAcknowledged = "alert.acknowledged";
// An alert was resolved; `resolution` says how. Actor: system if it came about by itself, or the
// caller. Target: as alert.opened.
inline constexpr std::string_view kAlertResolved = "alert.resolved";
// Somebody said whom to tell of alerts by mail. Actor: the caller. Target: the alert destination.
inline constexpr std::string_view kAlertDestinationCreated = "alert.destination_created";
// Whom to tell of alerts was changed; `fields` names what was. Actor: the caller. Target: the alert
// destination.
inline constexpr std::string_view kAlertDestinationUpdated = "alert.destination_updated";
// An alert destination was deleted. Actor: the caller. Target: the alert destination.
inline constexpr std::string_view kAlertDestinationDeleted = "alert.destination_deleted";
// A mail was given up; `kind` says what it was for, `error` and `smtp_code` what went wrong last,
// `attempts` how often it was tried. Actor: system. Target: the mail and the user whom it is about.
inline constexpr std::string_view kMailGivenUp = "gatehouse.mail_given_up";
// A caller lacked the permission for a method, or tried too many names for itself; `method` and
// `permission` or `limit` name what. Actor: the caller. Target: none.
inline constexpr std::string_view kCallDenied = "gatehouse.call_denied";
// What is a tenant's own is kept for longer or shorter; `fields` names what was changed, and those
// that are set since stand there with their days, 0 for ever. Actor: the caller; in the log of the
// tenant itself system. Target: the tenant.
inline constexpr std::string_view kRetentionUpdated = "gatehouse.retention_updated";
// Signing keys were added, retired or removed; `emergency` if they are not trusted any more.
// Actor: system, or the caller who asked for it. Target: each of the keys.
inline constexpr std::string_view kSigningKeyRotated = "gatehouse.signing_key_rotated";
// Secrets were sealed under another master key, some of many at a time; what they say did not
// change. Actor: system. Target: whose they are: signing keys, endpoints, authenticator apps.
inline constexpr std::string_view kSecretsResealed = "gatehouse.secrets_resealed";
// A tenant was created, or has moved in (`moved`). Actor: the caller; in the log of the tenant
// itself, which it begins, system. Target: the tenant.
inline constexpr std::string_view kTenantCreated = "gatehouse.tenant_created";
// A tenant was changed; `fields` names what was, and `state` the state if that was. Actor: the
// caller; in the log of the tenant itself system. Target: the tenant.
inline constexpr std::string_view kTenantUpdated = "gatehouse.tenant_updated";
// What instances hold in memory was to be read again. Actor: the caller. Target: the user,
// session or API key that it is about, or what kind of it.
inline constexpr std::string_view kCacheInvalidated = "gatehouse.cache_invalidated";

// First words callers may not use for events of their own.
inline constexpr std::array<std::string_view, 10> kReservedPrefixes = {
    "user.",       "role.",     "session.", "api_key.", "event.",
    "event_type.", "endpoint.", "webhook.", "alert.",   "gatehouse."};

}  // namespace gatehouse::storage::event_types

#endif  // GATEHOUSE_STORAGE_EVENT_TYPES_H_
