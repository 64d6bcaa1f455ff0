#include "auth/passkey/passkey_response.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "auth/passkey/passkey_error.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxTransports = 8;
constexpr size_t kMaxTransportBytes = 32;

absl::StatusOr<Json> ParseObject(std::string_view text) {
  if (text.size() > kMaxPasskeyResponseBytes) {
    return PasskeyInvalid("is longer than " + std::to_string(kMaxPasskeyResponseBytes) + " bytes");
  }
  Json json = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return PasskeyInvalid("is no JSON object");
  return json;
}

// The member `name`, if it is there and a string.
std::optional<std::string> Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

absl::StatusOr<std::string> Bytes(const Json& object, const char* name) {
  const std::optional<std::string> text = Text(object, name);
  std::optional<std::string> bytes;
  if (text) bytes = base::Base64UrlDecode(*text);
  if (!bytes || bytes->empty()) {
    return PasskeyInvalid("lacks " + std::string(name) + ", or it is not base64url");
  }
  return *std::move(bytes);
}

// What both kinds share: the type, the id, and that there is a response.
struct Envelope {
  std::string credential_id;
  Json response;
};

absl::StatusOr<Envelope> ParseEnvelope(std::string_view text) {
  GH_ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  if (Text(json, "type") != "public-key") return PasskeyInvalid("is not of type public-key");
  Envelope envelope;
  GH_ASSIGN_OR_RETURN(envelope.credential_id, Bytes(json, "id"));
  if (envelope.credential_id.size() > kMaxCredentialIdBytes) {
    return PasskeyInvalid("has an id that is too long");
  }
  if (json.contains("rawId") && Text(json, "rawId") != Text(json, "id")) {
    return PasskeyInvalid("has two ids");
  }
  const auto response = json.find("response");
  if (response == json.end() || !response->is_object()) return PasskeyInvalid("has no response");
  envelope.response = *response;
  return envelope;
}

std::vector<std::string> TransportsOf(const Json& response) {
  std::vector<std::string> transports;
  const auto found = response.find("transports");
  if (found == response.end() || !found->is_array()) return transports;
  for (const Json& transport : *found) {
    if (transports.size() == kMaxTransports) break;
    if (!transport.is_string()) continue;
    std::string name = transport.get<std::string>();
    if (name.empty() || name.size() > kMaxTransportBytes) continue;
    // Goes back into the options of logins, and into a text column.
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos) {
      continue;
    }
    transports.push_back(std::move(name));
  }
  return transports;
}

}  // namespace

absl::StatusOr<RegistrationResponse> ParseRegistrationResponse(std::string_view json) {
  GH_ASSIGN_OR_RETURN(Envelope envelope, ParseEnvelope(json));
  RegistrationResponse parsed{.credential_id = std::move(envelope.credential_id)};
  GH_ASSIGN_OR_RETURN(parsed.client_data_json, Bytes(envelope.response, "clientDataJSON"));
  GH_ASSIGN_OR_RETURN(parsed.attestation_object, Bytes(envelope.response, "attestationObject"));
  parsed.transports = TransportsOf(envelope.response);
  return parsed;
}

absl::StatusOr<AssertionResponse> ParseAssertionResponse(std::string_view json) {
  GH_ASSIGN_OR_RETURN(Envelope envelope, ParseEnvelope(json));
  AssertionResponse parsed{.credential_id = std::move(envelope.credential_id)};
  GH_ASSIGN_OR_RETURN(parsed.client_data_json, Bytes(envelope.response, "clientDataJSON"));
  GH_ASSIGN_OR_RETURN(parsed.authenticator_data, Bytes(envelope.response, "authenticatorData"));
  GH_ASSIGN_OR_RETURN(parsed.signature, Bytes(envelope.response, "signature"));
  const std::optional<std::string> handle = Text(envelope.response, "userHandle");
  if (handle && !handle->empty()) {
    GH_ASSIGN_OR_RETURN(parsed.user_handle, Bytes(envelope.response, "userHandle"));
  }
  return parsed;
}

absl::StatusOr<ClientData> ParseClientData(std::string_view text) {
  GH_ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  const std::optional<std::string> type = Text(json, "type");
  const std::optional<std::string> origin = Text(json, "origin");
  if (!type || !origin) return PasskeyInvalid("has client data without a type or an origin");
  ClientData data{.type = *type, .origin = *origin};
  GH_ASSIGN_OR_RETURN(data.challenge, Bytes(json, "challenge"));
  const auto cross_origin = json.find("crossOrigin");
  if (cross_origin != json.end()) {
    // Anything but false is taken for the worse.
    data.cross_origin = !cross_origin->is_boolean() || cross_origin->get<bool>();
  }
  return data;
}

}  // namespace gatehouse::auth
