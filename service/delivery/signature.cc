#include "service/delivery/signature.h"

#include <optional>

#include "base/hash.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::service::delivery {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr size_t kNewKeyBytes = 32;

// One entry of the header. A further scheme is a further entry with its own
// version, which receivers that do not know it skip.
std::string SignV1(std::string_view key, std::string_view signed_content) {
  return "v1," + base::Base64Encode(base::HmacSha256(key, signed_content));
}

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

std::string SignatureHeader(std::span<const std::string> keys, std::string_view webhook_id,
                            int64_t unix_seconds, std::string_view body) {
  std::string content;
  content.reserve(webhook_id.size() + body.size() + 24);
  content.append(webhook_id).append(".").append(std::to_string(unix_seconds)).append(".");
  content.append(body);
  std::string header;
  for (const std::string& key : keys) {
    if (!header.empty()) header += ' ';
    header += SignV1(key, content);
  }
  return header;
}

}  // namespace gatehouse::service::delivery
