#include "storage/sealing_keys.h"

#include <cstddef>
#include <utility>

#include "base/hash.h"
#include "base/status.h"

namespace gatehouse::storage {
namespace {

constexpr size_t kKeyBytes = 32;

}  // namespace

SealingKeys::SealingKeys(std::string current, std::string accepted)
    : current_(std::move(current)), accepted_(std::move(accepted)) {}

std::string SealingKeys::Seal(std::string_view context, std::string_view plaintext) const {
  return base::Seal(current_, context, plaintext);
}

std::optional<std::string> SealingKeys::Open(std::string_view context,
                                             std::string_view sealed) const {
  std::optional<std::string> opened = base::Open(current_, context, sealed);
  if (opened || accepted_.empty()) return opened;
  return base::Open(accepted_, context, sealed);
}

absl::StatusOr<std::optional<std::string>> SealingKeys::Reseal(std::string_view context,
                                                               std::string_view sealed) const {
  if (base::Open(current_, context, sealed)) return std::nullopt;
  const std::optional<std::string> opened = Open(context, sealed);
  if (!opened) {
    return base::InternalError("a value does not open under either master key: " +
                               std::string(context));
  }
  return Seal(context, *opened);
}

SealingKeys SealingKeys::Derive(std::string_view info) const {
  return {base::HkdfSha256(current_, info, kKeyBytes),
          accepted_.empty() ? std::string() : base::HkdfSha256(accepted_, info, kKeyBytes)};
}

}  // namespace gatehouse::storage
