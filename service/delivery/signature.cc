#include "service/delivery/signature.h"

#include <optional>

#include "base/ed25519.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::service::delivery {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::string_view kPairPrefix = "whsk_";
constexpr std::string_view kPublicPrefix = "whpk_";
constexpr size_t kNewKeyBytes = 32;

// One entry of the header. A further scheme is a further entry with its own
// version, which receivers that do not know it skip.
std::string SignV1(std::string_view key, std::string_view signed_content) {
  return "v1," + base::Base64Encode(base::HmacSha256(key, signed_content));
}

std::string_view SeedOf(std::string_view key_pair) {
  return key_pair.substr(0, base::kEd25519KeyBytes);
}

std::string SignV1a(std::string_view key_pair, std::string_view signed_content) {
  return "v1a," + base::Base64Encode(base::Ed25519Sign(SeedOf(key_pair), signed_content));
}

std::string PairOf(std::string seed) { return seed + base::Ed25519PublicKey(seed); }

}  // namespace

absl::StatusOr<std::string> ParseSecret(std::string_view secret) {
  constexpr std::string_view kExpected =
      "must be \"whsec_\" followed by base64 of 24 to 64 random bytes";
  if (!secret.starts_with(kPrefix)) return base::InvalidField("secret", kExpected);
  std::optional<std::string> key = base::Base64Decode(secret.substr(kPrefix.size()));
  if (!key || key->size() < kMinKeyBytes || key->size() > kMaxKeyBytes) {
    return base::InvalidField("secret", kExpected);
  }
  return *std::move(key);
}

std::string FormatSecret(std::string_view key) {
  return std::string(kPrefix) + base::Base64Encode(key);
}

std::string MakeKey() { return base::RandomBytes(kNewKeyBytes); }

absl::StatusOr<std::string> ParseKeyPair(std::string_view secret) {
  constexpr std::string_view kExpected =
      "must be \"whsk_\" followed by base64 of an Ed25519 seed and its public key, 32 bytes each";
  if (!IsKeyPair(secret)) return base::InvalidField("secret", kExpected);
  std::optional<std::string> pair = base::Base64Decode(secret.substr(kPairPrefix.size()));
  if (!pair || pair->size() != 2 * base::kEd25519KeyBytes ||
      *pair != PairOf(std::string(SeedOf(*pair)))) {
    return base::InvalidField("secret", kExpected);
  }
  return *std::move(pair);
}

bool IsKeyPair(std::string_view secret) { return secret.starts_with(kPairPrefix); }

std::string FormatPublicKey(std::string_view key_pair) {
  return std::string(kPublicPrefix) + base::Base64Encode(key_pair.substr(base::kEd25519KeyBytes));
}

std::string MakeKeyPair() { return PairOf(base::RandomBytes(base::kEd25519KeyBytes)); }

std::string SignatureHeader(const SigningKeys& keys, std::string_view webhook_id,
                            int64_t unix_seconds, std::string_view body) {
  std::string content;
  content.reserve(webhook_id.size() + body.size() + 24);
  content.append(webhook_id).append(".").append(std::to_string(unix_seconds)).append(".");
  content.append(body);
  std::string header;
  auto add = [&header](const std::string& signature) {
    if (!header.empty()) header += ' ';
    header += signature;
  };
  for (const std::string& key : keys.symmetric) add(SignV1(key, content));
  for (const std::string& pair : keys.pairs) add(SignV1a(pair, content));
  return header;
}

}  // namespace gatehouse::service::delivery
