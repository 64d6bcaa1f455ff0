#ifndef GATEHOUSE_SERVICE_DELIVERY_SIGNATURE_H_
#define GATEHOUSE_SERVICE_DELIVERY_SIGNATURE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::service::delivery {

// Standard Webhooks 1.0.0, symmetric scheme (`v1`, HMAC-SHA-256). A key shorter
// than 24 bytes can be guessed; one longer than 64 is hashed by HMAC anyway.
inline constexpr size_t kMinKeyBytes = 24;
inline constexpr size_t kMaxKeyBytes = 64;

// The raw key of a serialised secret: "whsec_" and base64. An error names no
// part of the secret.
absl::StatusOr<std::string> ParseSecret(std::string_view secret);

// The serialised form of a raw key.
std::string FormatSecret(std::string_view key);

// A new random key of 32 bytes, the block that SHA-256 yields.
std::string MakeKey();

// The asymmetric scheme (`v1a`, Ed25519): receivers verify with a public key, and
// cannot sign. A key pair is the seed and the public key, 64 bytes; serialised it
// is "whsk_" and base64. An error names no part of it.
absl::StatusOr<std::string> ParseKeyPair(std::string_view secret);

// "whsk_..." is such a pair.
bool IsKeyPair(std::string_view secret);

// "whpk_" and base64 of the public key of a pair.
std::string FormatPublicKey(std::string_view key_pair);

// A new random pair.
std::string MakeKeyPair();

// What signs a request.
struct SigningKeys {
  std::vector<std::string> symmetric;
  std::vector<std::string> pairs;
};

// The value of the `webhook-signature` header: one `v1,<base64>` per symmetric key
// and one `v1a,<base64>` per pair, separated by spaces, in their order (the current
// ones first). A receiver accepts any of them, which is what makes rotation free of
// gaps. `unix_seconds` is the time of the attempt, not of the event; `body` is
// exactly what is sent.
std::string SignatureHeader(const SigningKeys& keys, std::string_view webhook_id,
                            int64_t unix_seconds, std::string_view body);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_SIGNATURE_H_
