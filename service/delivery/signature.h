#ifndef GATEHOUSE_SERVICE_DELIVERY_SIGNATURE_H_
#define GATEHOUSE_SERVICE_DELIVERY_SIGNATURE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gatehouse::service::delivery {

// Standard Webhooks 1.0.0, symmetric scheme. A key shorter than 24 bytes can be
// guessed; one longer than 64 is hashed by HMAC anyway.
inline constexpr size_t kMinKeyBytes = 24;
inline constexpr size_t kMaxKeyBytes = 64;

// The raw key of a serialised secret: "whsec_" and base64. An error names no
// part of the secret.
absl::StatusOr<std::string> ParseSecret(std::string_view secret);

// The serialised form of a raw key.
std::string FormatSecret(std::string_view key);

// A new random key of 32 bytes, the block that SHA-256 yields.
std::string MakeKey();

// The value of the `webhook-signature` header: one `v1,<base64>` per key,
// separated by spaces, in the order of `keys` (the current one first). A
// receiver accepts any of them, which is what makes rotation free of gaps.
// `unix_seconds` is the time of the attempt, not of the event; `body` is
// exactly what is sent.
std::string SignatureHeader(std::span<const std::string> keys, std::string_view webhook_id,
                            int64_t unix_seconds, std::string_view body);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_SIGNATURE_H_
