#include "auth/passkey/attestation_object.h"

#include <cbor.h>
#include <fido.h>

#include <memory>
#include <optional>

#include "auth/passkey/libfido2.h"
#include "auth/passkey/passkey_error.h"
#include "auth/passkey/passkey_response.h"

namespace gatehouse::auth {
namespace {

// fmt, attStmt and authData; room for what later levels of the specification add.
constexpr size_t kMaxMembers = 8;

struct ItemDeleter {
  void operator()(cbor_item_t* item) const { cbor_decref(&item); }
};
using Item = std::unique_ptr<cbor_item_t, ItemDeleter>;

struct CredentialDeleter {
  void operator()(fido_cred_t* credential) const { fido_cred_free(&credential); }
};
using Credential = std::unique_ptr<fido_cred_t, CredentialDeleter>;

const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string Copy(const unsigned char* data, size_t size) {
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data), size};
}

absl::Status NoAttestation() { return PasskeyInvalid("has an attestation object that is none"); }

bool IsKey(const cbor_item_t* key, std::string_view name) {
  return cbor_isa_string(key) && cbor_string_is_definite(key) &&
         std::string_view(reinterpret_cast<const char*>(cbor_string_handle(key)),
                          cbor_string_length(key)) == name;
}

// How many elements the arrays and maps of some CBOR say they have.
struct Claims {
  size_t room = 0;
  bool fit = true;

  void Take(size_t elements) {
    fit = fit && elements <= room;
    if (fit) room -= elements;
  }
};

// Whether no array and no map says that it has more elements than there are bytes for all of them:
// libcbor, and with it libfido2, allocates for as many as are said to come. Reads items one after
// another, whether or not they belong together, and allocates nothing.
bool ClaimsFit(std::string_view cbor) {
  Claims claims{.room = cbor.size()};
  cbor_callbacks callbacks = cbor_empty_callbacks;
  callbacks.array_start = [](void* context, size_t elements) {
    static_cast<Claims*>(context)->Take(elements);
  };
  callbacks.map_start = [](void* context, size_t pairs) {
    static_cast<Claims*>(context)->Take(pairs);
    static_cast<Claims*>(context)->Take(pairs);
  };
  while (!cbor.empty()) {
    const cbor_decoder_result item =
        cbor_stream_decode(Data(cbor), cbor.size(), &callbacks, &claims);
    if (item.status != CBOR_DECODER_FINISHED || item.read == 0 || !claims.fit) return false;
    cbor.remove_prefix(item.read);
  }
  return true;
}

// What follows the id of the credential in authenticator data: its key, perhaps extensions.
std::string_view KeyPart(std::string_view authenticator_data) {
  // Hash, flags, count, aaguid; then the length of the id.
  constexpr size_t kLengthAt = 32 + 1 + 4 + 16;
  constexpr size_t kIdAt = kLengthAt + 2;
  if (authenticator_data.size() < kIdAt) return {};
  const size_t length = static_cast<uint8_t>(authenticator_data[kLengthAt]) << 8 |
                        static_cast<uint8_t>(authenticator_data[kLengthAt + 1]);
  if (authenticator_data.size() - kIdAt < length) return {};
  return authenticator_data.substr(kIdAt + length);
}

// The credential in `authenticator_data` if its key is of that algorithm, which libfido2 wants to
// know beforehand.
Credential Decode(std::string_view authenticator_data, PasskeyAlgorithm algorithm) {
  Credential credential(fido_cred_new());
  if (!credential || fido_cred_set_type(credential.get(), static_cast<int>(algorithm)) != FIDO_OK ||
      fido_cred_set_authdata_raw(credential.get(), Data(authenticator_data),
                                 authenticator_data.size()) != FIDO_OK) {
    return nullptr;
  }
  return credential;
}

}  // namespace

absl::StatusOr<std::string> AuthenticatorDataOfAttestation(std::string_view attestation_object) {
  if (!ClaimsFit(attestation_object)) return NoAttestation();
  cbor_load_result result = {};
  const Item root(cbor_load(Data(attestation_object), attestation_object.size(), &result));
  if (!root || result.read != attestation_object.size() || !cbor_isa_map(root.get()) ||
      !cbor_map_is_definite(root.get()) || cbor_map_size(root.get()) > kMaxMembers) {
    return NoAttestation();
  }
  std::optional<std::string> data;
  const cbor_pair* const members = cbor_map_handle(root.get());
  for (size_t i = 0; i < cbor_map_size(root.get()); ++i) {
    if (!IsKey(members[i].key, "authData")) continue;
    const cbor_item_t* const value = members[i].value;
    if (data || !cbor_isa_bytestring(value) || !cbor_bytestring_is_definite(value)) {
      return NoAttestation();
    }
    data = Copy(cbor_bytestring_handle(value), cbor_bytestring_length(value));
  }
  if (!data) return NoAttestation();
  return *std::move(data);
}

absl::StatusOr<AttestedCredential> ReadAttestedCredential(std::string_view authenticator_data) {
  InitLibfido2();
  if (!ClaimsFit(KeyPart(authenticator_data))) {
    return PasskeyInvalid("has a credential whose key is none");
  }
  for (const PasskeyAlgorithm algorithm : kPasskeyAlgorithms) {
    const Credential credential = Decode(authenticator_data, algorithm);
    if (!credential) continue;
    const fido_cred_t* const found = credential.get();
    AttestedCredential made{
        .credential_id = Copy(fido_cred_id_ptr(found), fido_cred_id_len(found)),
        .key = {.algorithm = algorithm,
                .bytes = Copy(fido_cred_pubkey_ptr(found), fido_cred_pubkey_len(found))}};
    const std::optional<base::Uuid> aaguid =
        base::Uuid::FromBytes(Copy(fido_cred_aaguid_ptr(found), fido_cred_aaguid_len(found)));
    if (aaguid) made.aaguid = *aaguid;
    if (made.credential_id.empty() || made.credential_id.size() > kMaxCredentialIdBytes) {
      return PasskeyInvalid("has an id that is empty or too long");
    }
    if (!IsValid(made.key)) return PasskeyInvalid("has a public key that is none");
    return made;
  }
  return PasskeyInvalid(
      "has no credential, or one of another algorithm than ES256, EdDSA and RS256 with 2,048 bits");
}

}  // namespace gatehouse::auth
