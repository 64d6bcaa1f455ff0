#include "auth/password/argon2id.h"

#include <utility>

#include "auth/password/hash/hash_text.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view kPrefix = "$argon2id$v=19$";
// Limits of libargon2 and of good sense.
constexpr size_t kMinSaltBytes = 8;
constexpr size_t kMinDigestBytes = 16;
constexpr size_t kMaxFieldBytes = 64;
// RFC 9106: 8 blocks of 1 KiB per lane.
constexpr uint32_t kMinKibPerLane = 8;

bool IsAllowed(const Argon2idParams& params) {
  return params.memory_kib <= kMaxArgon2idParams.memory_kib &&
         params.passes <= kMaxArgon2idParams.passes && params.lanes <= kMaxArgon2idParams.lanes &&
         params.memory_kib >= kMinKibPerLane * params.lanes;
}

}  // namespace

std::optional<Argon2idHash> ParseArgon2idHash(std::string_view phc) {
  if (!phc.starts_with(kPrefix)) return std::nullopt;
  return ParseArgon2Fields(phc.substr(kPrefix.size()));
}

std::optional<Argon2idHash> ParseArgon2Fields(std::string_view fields) {
  const auto memory_kib = TakeNumber(fields, "m=", ',');
  if (!memory_kib) return std::nullopt;
  const auto passes = TakeNumber(fields, "t=", ',');
  if (!passes) return std::nullopt;
  const auto lanes = TakeNumber(fields, "p=", '$');
  if (!lanes) return std::nullopt;
  const Argon2idParams params{.memory_kib = *memory_kib, .passes = *passes, .lanes = *lanes};
  if (!IsAllowed(params)) return std::nullopt;
  const auto salt_text = TakeUntil(fields, '$');
  if (!salt_text) return std::nullopt;
  std::optional<std::string> salt = DecodeField(*salt_text, kMinSaltBytes, kMaxFieldBytes);
  std::optional<std::string> digest = DecodeField(fields, kMinDigestBytes, kMaxFieldBytes);
  if (!salt || !digest) return std::nullopt;
  return Argon2idHash{.params = params, .salt = *std::move(salt), .digest = *std::move(digest)};
}

std::string FormatArgon2idHash(const Argon2idHash& hash) {
  return std::string(kPrefix) + "m=" + std::to_string(hash.params.memory_kib) +
         ",t=" + std::to_string(hash.params.passes) + ",p=" + std::to_string(hash.params.lanes) +
         "$" + EncodeField(hash.salt) + "$" + EncodeField(hash.digest);
}

}  // namespace gatehouse::auth
