#ifndef GATEHOUSE_STORAGE_SEALING_KEYS_H_
#define GATEHOUSE_STORAGE_SEALING_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gatehouse::storage {

// The master key, under which secrets are sealed at rest, and while it is being changed a second
// one that opens as well: the next one before the change, the one before after it. A value does
// not say which it is: what does not open under the first is tried under the second.
//
// Immutable; any thread.
class SealingKeys {
 public:
  // Implicit: mostly there is one key, of 32 bytes. `accepted`: the second one, or empty.
  SealingKeys(std::string current, std::string accepted = {});  // NOLINT
  SealingKeys(std::string_view current)                         // NOLINT
      : SealingKeys(std::string(current)) {}
  SealingKeys(const char* current) : SealingKeys(std::string(current)) {}  // NOLINT

  // base::Seal under the first, base::Open under either.
  std::string Seal(std::string_view context, std::string_view plaintext) const;
  std::optional<std::string> Open(std::string_view context, std::string_view sealed) const;

  // The value sealed under the first key, if it was under the second; nullopt if it is already.
  // INTERNAL if it opens under neither.
  absl::StatusOr<std::optional<std::string>> Reseal(std::string_view context,
                                                    std::string_view sealed) const;

  // Keys for one use (base::HkdfSha256).
  SealingKeys Derive(std::string_view info) const;

 private:
  std::string current_;
  std::string accepted_;
};

// What a look at a stretch of a table with sealed values found.
template <typename Position>
struct Resealed {
  int64_t looked_at = 0;
  // Values that were under the second key, and are no longer.
  int64_t resealed = 0;
  // Where to go on; nullopt: that was the end.
  std::optional<Position> next = std::nullopt;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SEALING_KEYS_H_
