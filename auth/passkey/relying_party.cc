#include "auth/passkey/relying_party.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "auth/passkey/attestation_object.h"
#include "auth/passkey/passkey_error.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

using Json = nlohmann::ordered_json;

// Authenticator data (section 6.1): hash of the RP id, flags, count.
constexpr size_t kHashBytes = 32;
constexpr size_t kFlagsAt = kHashBytes;
constexpr size_t kCountAt = kFlagsAt + 1;
constexpr size_t kHeadBytes = kCountAt + 4;
constexpr uint8_t kUserPresent = 0x01;
constexpr uint8_t kUserVerified = 0x04;
constexpr uint8_t kBackupEligible = 0x08;
constexpr uint8_t kBackedUp = 0x10;

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";
constexpr std::string_view kAndroid = "android:apk-key-hash:";
constexpr size_t kMaxDomainBytes = 253;

std::vector<std::string> Split(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::vector<std::string> OriginsOf(const RelyingParty::Options& options) {
  std::vector<std::string> origins = Split(options.origins);
  if (origins.empty()) origins.push_back(std::string(kHttps) + options.id);
  return origins;
}

bool IsDomain(std::string_view text) {
  return !text.empty() && text.size() <= kMaxDomainBytes && text.front() != '.' &&
         text.back() != '.' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
}

bool IsWithin(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  return host.size() > domain.size() + 1 && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

// As browsers spell one: scheme, host, a port that is not the usual one, nothing else.
bool IsOriginOf(std::string_view origin, std::string_view domain) {
  if (origin.starts_with(kAndroid)) return origin.size() > kAndroid.size();
  const bool secure = origin.starts_with(kHttps);
  if (!secure && !origin.starts_with(kHttp)) return false;
  const std::string_view authority = origin.substr(secure ? kHttps.size() : kHttp.size());
  const size_t colon = authority.find(':');
  const std::string_view host = authority.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
  }
  // Browsers have passkeys on secure pages alone, and take this machine's for secure.
  if (!secure && !IsWithin(host, "localhost")) return false;
  return IsDomain(host) && IsWithin(host, domain);
}

Json Descriptors(const std::vector<PasskeyHint>& passkeys) {
  Json list = Json::array();
  for (const PasskeyHint& passkey : passkeys) {
    Json one = {{"type", "public-key"}, {"id", base::Base64UrlEncode(passkey.credential_id)}};
    if (!passkey.transports.empty()) one["transports"] = passkey.transports;
    list.push_back(std::move(one));
  }
  return list;
}

int64_t TimeoutMs() { return std::chrono::milliseconds(RelyingParty::kChallengeLifetime).count(); }

}  // namespace

absl::Status RelyingParty::Check(const Options& options) {
  if (options.id.empty()) {
    if (Split(options.origins).empty()) return absl::OkStatus();
    return base::InvalidField("auth.passkey_rp_id", "is required with auth.passkey_origins");
  }
  if (!IsDomain(options.id)) {
    return base::InvalidField("auth.passkey_rp_id",
                              "must be a domain in lower case, without scheme and port");
  }
  for (const std::string& origin : OriginsOf(options)) {
    if (IsOriginOf(origin, options.id)) continue;
    return base::InvalidField("auth.passkey_origins",
                              "must be origins of auth.passkey_rp_id, separated by blanks, as "
                              "\"https://login.example.com\"");
  }
  return absl::OkStatus();
}

RelyingParty::RelyingParty(Options options, const TokenPeppers& peppers)
    : options_(std::move(options)),
      origins_(OriginsOf(options_)),
      id_hash_(base::Sha256(options_.id)),
      challenges_(peppers) {}

absl::Status RelyingParty::RequireEnabled() const {
  if (!options_.id.empty()) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         "passkeys are switched off: the operator has not set auth.passkey_rp_id",
                         {.reason = base::Reason::kConstraintViolated});
}

std::string RelyingParty::MakeChallenge(PasskeyPurpose purpose, const base::Uuid& tenant_id,
                                        const base::Uuid& user_id, base::Time now) const {
  return base::Base64UrlEncode(
      challenges_.Encode({.purpose = purpose,
                          .tenant_id = tenant_id,
                          .user_id = user_id,
                          .nonce = base::RandomBytes(PasskeyChallengeCodec::kNonceBytes),
                          .expire_time = now + kChallengeLifetime}));
}

std::string RelyingParty::CreationOptions(const User& user, const std::vector<PasskeyHint>& exclude,
                                          base::Time now) const {
  Json algorithms = Json::array();
  for (const PasskeyAlgorithm algorithm : kPasskeyAlgorithms) {
    algorithms.push_back({{"type", "public-key"}, {"alg", static_cast<int32_t>(algorithm)}});
  }
  // The user handle is the id: it tells nothing about the person.
  const Json options = {
      {"rp", {{"id", options_.id}, {"name", options_.name}}},
      {"user",
       {{"id", base::Base64UrlEncode(user.id.bytes())},
        {"name", user.username},
        {"displayName", user.display_name}}},
      {"challenge", MakeChallenge(PasskeyPurpose::kRegistration, user.tenant_id, user.id, now)},
      {"pubKeyCredParams", std::move(algorithms)},
      {"timeout", TimeoutMs()},
      {"excludeCredentials", Descriptors(exclude)},
      {"authenticatorSelection",
       {{"residentKey", "preferred"},
        {"requireResidentKey", false},
        {"userVerification", "preferred"}}},
      {"attestation", "none"}};
  return options.dump();
}

std::string RelyingParty::RequestOptions(PasskeyPurpose purpose, const base::Uuid& tenant_id,
                                         const base::Uuid& user_id,
                                         const std::vector<PasskeyHint>& allow,
                                         base::Time now) const {
  const bool alone = purpose == PasskeyPurpose::kLogin;
  const Json options = {{"challenge", MakeChallenge(purpose, tenant_id, user_id, now)},
                        {"timeout", TimeoutMs()},
                        {"rpId", options_.id},
                        {"allowCredentials", Descriptors(allow)},
                        {"userVerification", alone ? "required" : "preferred"}};
  return options.dump();
}

absl::StatusOr<PasskeyChallenge> RelyingParty::ReadChallenge(std::string_view client_data_json,
                                                             PasskeyPurpose purpose,
                                                             base::Time now) const {
  GH_ASSIGN_OR_RETURN(const ClientData data, ParseClientData(client_data_json));
  const bool registers = purpose == PasskeyPurpose::kRegistration;
  if (data.type != (registers ? "webauthn.create" : "webauthn.get")) {
    return PasskeyInvalid("is to a question of another kind");
  }
  if (data.cross_origin) return PasskeyInvalid("comes from a frame in a page of another origin");
  if (std::ranges::find(origins_, data.origin) == origins_.end()) {
    return PasskeyInvalid("comes from an origin that is not in auth.passkey_origins");
  }
  std::optional<PasskeyChallenge> challenge = challenges_.Decode(data.challenge);
  if (!challenge || challenge->purpose != purpose) {
    return PasskeyInvalid("is to another challenge");
  }
  if (challenge->expire_time <= now) {
    return PasskeyInvalid("came too late, or is to an old challenge");
  }
  return *std::move(challenge);
}

absl::StatusOr<AuthenticatorState> RelyingParty::ReadHead(std::string_view data) const {
  if (data.size() < kHeadBytes) return PasskeyInvalid("has authenticator data that are cut off");
  if (data.substr(0, kHashBytes) != id_hash_) {
    return PasskeyInvalid("is for another domain than auth.passkey_rp_id");
  }
  const auto flags = static_cast<uint8_t>(data[kFlagsAt]);
  if ((flags & kUserPresent) == 0) return PasskeyInvalid("shows nobody to be present");
  if ((flags & kBackupEligible) == 0 && (flags & kBackedUp) != 0) {
    return PasskeyInvalid("has flags that contradict one another");
  }
  uint32_t count = 0;
  for (const char c : data.substr(kCountAt, kHeadBytes - kCountAt)) {
    count = count << 8 | static_cast<uint8_t>(c);
  }
  return AuthenticatorState{.sign_count = count,
                            .user_verified = (flags & kUserVerified) != 0,
                            .backup_eligible = (flags & kBackupEligible) != 0,
                            .backed_up = (flags & kBackedUp) != 0};
}

absl::StatusOr<NewPasskey> RelyingParty::ReadRegistration(
    const RegistrationResponse& response) const {
  GH_ASSIGN_OR_RETURN(const std::string data,
                      AuthenticatorDataOfAttestation(response.attestation_object));
  GH_ASSIGN_OR_RETURN(const AuthenticatorState state, ReadHead(data));
  GH_ASSIGN_OR_RETURN(AttestedCredential made, ReadAttestedCredential(data));
  if (made.credential_id != response.credential_id) return PasskeyInvalid("has two ids");
  return NewPasskey{.credential_id = std::move(made.credential_id),
                    .key = std::move(made.key),
                    .sign_count = state.sign_count,
                    .aaguid = made.aaguid,
                    .backup_eligible = state.backup_eligible,
                    .backed_up = state.backed_up};
}

absl::StatusOr<AuthenticatorState> RelyingParty::ReadAssertion(const AssertionResponse& response,
                                                               bool verified) const {
  GH_ASSIGN_OR_RETURN(const AuthenticatorState state, ReadHead(response.authenticator_data));
  if (verified && !state.user_verified) {
    return PasskeyInvalid("does not show that the authenticator knows its user by PIN or body");
  }
  return state;
}

}  // namespace gatehouse::auth
