#include "service/config/settings.h"

#include <cctype>
#include <string_view>

#include "base/status.h"
#include "service/config/grpc_settings.h"
#include "service/config/mail_settings.h"
#include "service/config/retention_settings.h"
#include "service/config/setting_makers.h"

namespace gatehouse::service::config {
namespace {

std::string Spelled(std::string_view key, char separator, bool upper) {
  std::string out;
  for (const char c : key) {
    if (c == '.' || c == '_') {
      out.push_back(separator);
    } else {
      out.push_back(upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c);
    }
  }
  return out;
}

// Of which passkeys may keep no more than 64 bytes, and otpauth URIs have no colon in it.
Setting ShownByAuthenticators(Setting setting) {
  setting.set = [key = setting.key, set = setting.set](Config& config, std::string_view value) {
    if (value.size() > 64 || value.find_first_of(":\r\n\t") != std::string_view::npos) {
      return base::InvalidField(key, "must be one line of at most 64 bytes, without a colon");
    }
    return set(config, value);
  };
  return setting;
}

void AddServing(std::vector<Setting>& all) {
  AddGrpc(all);
  all.push_back(
      Address("http.address",
              "Where HTTP (health, JWKS, metrics) listens, HOST:PORT; port 0 takes a free "
              "one.",
              GH_FIELD(http.address)));
  all.push_back(OneOf("log.level", "Least severity that is logged: debug, info, warning or error.",
                      {"debug", "info", "warning", "error"}, GH_FIELD(log.level)));
  all.push_back(Integer("log.failed_calls_per_second",
                        "Failed calls of one caller that have a line each per second, ten times as "
                        "many at once; of more a line every ten seconds says how many there were. "
                        "0: every one has its line.",
                        0, 1'000'000, GH_FIELD(log.failed_calls_per_second)));
}

void AddDatabase(std::vector<Setting>& all) {
  all.push_back(Secret(Text("database.dsn",
                            "libpq connection string or URI; several hosts with "
                            "target_session_attrs=read-write for failover.",
                            GH_FIELD(database.dsn))));
  all.push_back(Text("database.password_file",
                     "File with the password, read again at each connect.",
                     GH_FIELD(database.password_file)));
  all.push_back(Integer("database.lanes", "Shared pipelined connections of each loop for reads.", 1,
                        64, GH_FIELD(database.lanes)));
  all.push_back(
      Integer("database.write_lanes",
              "Shared pipelined connections for changes, of all loops together, at least two "
              "each; what commits on different ones at the same time shares a flush.",
              1, 64, GH_FIELD(database.write_lanes)));
  all.push_back(Integer("database.pool_size", "Exclusive connections for interactive transactions.",
                        1, 256, GH_FIELD(database.pool_size)));
  all.push_back(Span("database.connect_timeout_ms",
                     "The longest one connection attempt may take, in milliseconds.", 100, 60'000,
                     GH_FIELD(database.connect_timeout)));
  all.push_back(Span("database.statement_timeout_ms",
                     "The longest one statement may run, in milliseconds.", 100, 600'000,
                     GH_FIELD(database.statement_timeout)));
  all.push_back(Boolean("database.prepared_statements",
                        "Use named prepared statements; false for PgBouncer in transaction mode.",
                        GH_FIELD(database.prepared_statements)));
  all.push_back(Secret(Text("database.direct_dsn",
                            "The same database past the pooler, for the sequencer, notices of "
                            "changes and migrations; required without prepared statements.",
                            GH_FIELD(database.direct_dsn))));
  all.push_back(
      Boolean("database.allow_standby",
              "Start on a standby as well, and wait for its promotion: until then changes "
              "are refused.",
              GH_FIELD(database.allow_standby)));
  all.push_back(Secret(Text("database.read_dsn",
                            "A standby that answers ListUsers, ListSessions and ListEvents; what "
                            "it cannot answer, the primary does. Empty: none.",
                            GH_FIELD(database.read_dsn))));
  all.push_back(Span("database.read_max_lag_ms",
                     "How far behind the primary a standby of database.read_dsn may be and still "
                     "be asked, in milliseconds.",
                     500, 3'600'000, GH_FIELD(database.read_max_lag)));
}

void AddAuth(std::vector<Setting>& all) {
  all.push_back(NotEmpty(Text("auth.issuer",
                              "The `iss` claim of access tokens. The https URL at which clients "
                              "reach the HTTP address, and other programs find its keys by it; "
                              "tokens of tenants beside the default one then have "
                              "ISSUER/t/TENANT_ID.",
                              GH_FIELD(auth.issuer))));
  all.push_back(NotEmpty(
      Text("auth.audience", "The `aud` claim of access tokens.", GH_FIELD(auth.audience))));
  all.push_back(OneOf("auth.signing_algorithm",
                      "How access tokens are signed: ES256, EdDSA or RS256. Of keys that are made "
                      "from then on: `gatehouse keys rotate` makes one at once.",
                      {"ES256", "EdDSA", "RS256"}, GH_FIELD(auth.signing_algorithm)));
  all.push_back(Span("auth.access_token_ttl_s", "Lifetime of an access token, in seconds.", 10,
                     86'400, GH_FIELD(auth.access_token_ttl)));
  all.push_back(Span("auth.refresh_grace_s",
                     "How long a repeated refresh gets the same token again, in seconds.", 0, 300,
                     GH_FIELD(auth.refresh_grace)));
  all.push_back(Span("auth.max_revocation_lag_ms",
                     "How old what this server knows of others' revocations may be, in "
                     "milliseconds; when it is older, as without the database, every credential "
                     "is looked up there. More lets known ones work through a longer outage, and "
                     "revoked ones for as long.",
                     1'000, 86'400'000, GH_FIELD(auth.max_revocation_lag)));
  all.push_back(Span("auth.session_idle_ttl_s",
                     "A session ends after this time without a refresh, in seconds.", 60,
                     31'536'000, GH_FIELD(auth.session_idle_ttl)));
  all.push_back(Span("auth.session_ttl_s", "A session ends after this time, in seconds.", 60,
                     31'536'000, GH_FIELD(auth.session_ttl)));
  all.push_back(Integer("auth.max_sessions_per_user",
                        "Live sessions of one user; a login ends the oldest beyond them.", 1,
                        100'000, GH_FIELD(auth.max_sessions_per_user)));
  all.push_back(Text("auth.master_key_file",
                     "File with 64 hex digits: seals what the database holds of secrets: signing "
                     "keys, secrets of webhooks and of authenticator apps, mails that wait.",
                     GH_FIELD(auth.master_key_file)));
  all.push_back(Text("auth.accepted_master_key_file",
                     "A second master key, which opens what it sealed and seals nothing: while the "
                     "master key is being changed, the next one or the one before.",
                     GH_FIELD(auth.accepted_master_key_file)));
  all.push_back(
      Text("auth.token_pepper_file",
           "File with 64 hex digits: authenticates refresh tokens, one-time tokens, login "
           "challenges, passkey challenges, remembered devices, recovery codes and page "
           "tokens.",
           GH_FIELD(auth.token_pepper_file)));
  all.push_back(Text("auth.accepted_token_pepper_file",
                     "A second token pepper, whose tokens are taken and under which none are made: "
                     "while the token pepper is being changed, the next one or the one before.",
                     GH_FIELD(auth.accepted_token_pepper_file)));
  all.push_back(Integer("auth.argon2_memory_kib", "Memory of one Argon2id hash, in KiB.", 8,
                        1'048'576, GH_FIELD(auth.argon2_memory_kib)));
  all.push_back(Integer("auth.argon2_iterations", "Passes of one Argon2id hash.", 1, 10,
                        GH_FIELD(auth.argon2_iterations)));
  all.push_back(Integer("auth.argon2_parallelism", "Lanes of one Argon2id hash.", 1, 16,
                        GH_FIELD(auth.argon2_parallelism)));
  all.push_back(Span("auth.argon2_target_ms",
                     "How long one Argon2id hash may take, in milliseconds: the costs are measured "
                     "at start, which takes about six times as long, and are never below those set "
                     "and OWASP's least (19456 KiB, 2 passes). The log says which they are. 0: "
                     "those set.",
                     0, 1'000, GH_FIELD(auth.argon2_target)));
  all.push_back(Integer("auth.argon2_max_memory_kib",
                        "The most memory that measuring gives one Argon2id hash, in KiB; beyond it "
                        "it takes more passes.",
                        19'456, 1'048'576, GH_FIELD(auth.argon2_max_memory_kib)));
  all.push_back(Integer("auth.hash_threads", "Password hashes at a time; 0: one for every core.", 0,
                        256, GH_FIELD(auth.hash_threads)));
  all.push_back(Integer("auth.hash_queue",
                        "Logins that may wait for a hash; more are refused with "
                        "HASHING_OVERLOADED.",
                        1, 100'000, GH_FIELD(auth.hash_queue)));
  all.push_back(Text("auth.breached_passwords_file",
                     "File of passwords that were stolen elsewhere, made by `gatehouse breached "
                     "build`: nobody gets one of them. Empty: they are not looked up.",
                     GH_FIELD(auth.breached_passwords_file)));
  all.push_back(Integer("auth.password_history",
                        "How many passwords that a user has had last it may not choose again, the "
                        "one it has among them; each costs a hash of a change. Not asked of those "
                        "that administrators set. 0: users may choose any again.",
                        0, 10, GH_FIELD(auth.password_history)));
  all.push_back(Integer("auth.requests_per_second",
                        "Calls per second of one principal; 0: no limit.", 0, 1'000'000,
                        GH_FIELD(auth.requests_per_second)));
  all.push_back(
      Integer("auth.public_requests_per_second",
              "Calls per second of one address to public methods, and credentials per second "
              "it may send that the server has not seen yet. A message counts once more for "
              "each KiB. 0: no limit.",
              0, 1'000'000, GH_FIELD(auth.public_requests_per_second)));
  all.push_back(Integer("auth.login_failures_per_minute",
                        "Failed logins of one address to one account per minute, on average; more "
                        "are refused with RATE_LIMITED before their password is looked at. Other "
                        "addresses are not concerned. 0: no limit.",
                        0, 1'000'000, GH_FIELD(auth.login_failures_per_minute)));
  all.push_back(Integer("auth.login_failures_burst",
                        "Failed logins of one address to one account at once, after a while "
                        "without any; also logins under way at a time.",
                        1, 1'000'000, GH_FIELD(auth.login_failures_burst)));
  all.push_back(Span("auth.step_up_max_age_s",
                     "How long ago users may have proven who they are, in seconds, for what an "
                     "account could be taken over by: passwords, second factors, passkeys, API "
                     "keys. Beyond it STEP_UP_REQUIRED. 0: at any time.",
                     0, 86'400, GH_FIELD(auth.step_up_max_age)));
  all.push_back(Span("auth.remember_device_s",
                     "How long a device that its user trusts logs in without a second factor, in "
                     "seconds. 0: never.",
                     0, 90 * 86'400, GH_FIELD(auth.remember_device)));
  all.push_back(ShownByAuthenticators(
      Text("auth.display_name",
           "Whose accounts they are, as authenticator apps and passkeys show it to people. Empty: "
           "the host name in auth.issuer, or what that is.",
           GH_FIELD(auth.display_name))));
  all.push_back(Text("auth.passkey_rp_id",
                     "The domain whose pages ask for passkeys, such as example.com. Passkeys are "
                     "bound to it for ever. Empty: no passkeys.",
                     GH_FIELD(auth.passkey_rp_id)));
  all.push_back(Text("auth.passkey_origins",
                     "Origins of pages and apps that may use passkeys, of that domain or below "
                     "it, separated by blanks: \"https://login.example.com "
                     "android:apk-key-hash:...\". Empty: https:// and the domain.",
                     GH_FIELD(auth.passkey_origins)));
}

void AddWebhook(std::vector<Setting>& all) {
  all.push_back(
      Boolean("webhook.allow_http", "Allow http:// endpoints.", GH_FIELD(webhook.allow_http)));
  all.push_back(Text("webhook.allowed_networks",
                     "Networks that endpoints may be in although they are private, separated by "
                     "blanks: \"10.1.0.0/16 ::1\".",
                     GH_FIELD(webhook.allowed_networks)));
  all.push_back(
      Text("webhook.ca_file",
           "PEM file of the authorities whose certificates endpoints may have, instead of "
           "those the system trusts; empty: the system's.",
           GH_FIELD(webhook.ca_file)));
  all.push_back(Integer("webhook.max_in_flight", "Deliveries in flight at a time.", 1, 10'000,
                        GH_FIELD(webhook.max_in_flight)));
  all.push_back(Span("webhook.backlog_alert_after_s",
                     "How long an event waits for its first attempt at an endpoint until that is "
                     "an alert, in seconds.",
                     60, 31'536'000, GH_FIELD(webhook.backlog_alert_after)));
  all.push_back(Integer("webhook.certificate_alert_days",
                        "How many days before it expires the certificate of an endpoint's "
                        "receiver is an alert, and the one that the receiver is shown.",
                        1, 365, GH_FIELD(webhook.certificate_alert_days)));
  all.push_back(Text("webhook.proxy_url",
                     "Proxy through which deliveries go, \"http://host:port\": by CONNECT to an "
                     "address that the server has judged; not to those in "
                     "webhook.allowed_networks. Empty: none.",
                     GH_FIELD(webhook.proxy_url)));
  all.push_back(Text("webhook.proxy_credentials_file",
                     "File with \"user:password\" for the proxy; empty: it asks for none.",
                     GH_FIELD(webhook.proxy_credentials_file)));
  all.push_back(
      Span("webhook.max_backlog_age_s",
           "How old a tenant's oldest undelivered event may be, in seconds, before "
           "PublishEvent is refused with DELIVERIES_BEHIND where the call says nothing of "
           "it; 0: never. At endpoints that other instances deliver to, less than 10 means 10.",
           0, 31'536'000, GH_FIELD(webhook.max_backlog_age)));
}

std::vector<Setting> MakeSettings() {
  std::vector<Setting> all;
  AddServing(all);
  AddDatabase(all);
  AddAuth(all);
  AddWebhook(all);
  AddRetention(all);
  AddMail(all);
  all.push_back(Text("data_dir",
                     "Of `gatehouse dev`: where its database and its secrets live; empty: the "
                     "user's own default.",
                     GH_FIELD(data_dir)));
  return all;
}

}  // namespace

std::string Setting::flag() const { return "--" + Spelled(key, '-', false); }

std::string Setting::environment_variable() const { return "GATEHOUSE_" + Spelled(key, '_', true); }

const std::vector<Setting>& AllSettings() {
  static const auto& settings = *new std::vector<Setting>(MakeSettings());
  return settings;
}

const Setting* FindSetting(std::string_view key) {
  for (const Setting& setting : AllSettings()) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

}  // namespace gatehouse::service::config
