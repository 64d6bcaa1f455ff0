#ifndef GATEHOUSE_BASE_UUID_H_
#define GATEHOUSE_BASE_UUID_H_

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gatehouse::base {

// A 128-bit identifier, RFC 9562. Ids the server makes are version 7: they
// begin with the time in milliseconds, so they sort by creation and new rows
// land at the right edge of an index.
class Uuid {
 public:
  // The nil UUID: "no id".
  constexpr Uuid() = default;
  constexpr explicit Uuid(const std::array<uint8_t, 16>& bytes) : bytes_(bytes) {}

  // The 36-character form, either case; anything else is nullopt.
  static std::optional<Uuid> Parse(std::string_view text);
  // Exactly 16 bytes, network order; anything else is nullopt.
  static std::optional<Uuid> FromBytes(std::string_view bytes);
  // A new version 7 UUID at `time`: 48 bits of milliseconds, 74 random bits.
  // Within one process ids made in one millisecond still ascend. Thread-safe.
  static Uuid MakeV7(Time time);
  // The lowest version 7 UUID of the millisecond of `time`: a range bound.
  static Uuid MinV7(Time time);

  std::string ToString() const;
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  bool is_nil() const { return *this == Uuid(); }
  // The time a version 7 UUID was made at, to the millisecond.
  Time v7_time() const;

  friend auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  std::array<uint8_t, 16> bytes_ = {};
};

// The tenant that serves until tenants get methods of their own. A valid
// version 7 id of the Unix epoch, fixed so that every installation shares it.
inline constexpr Uuid kDefaultTenantId{
    std::array<uint8_t, 16>{0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};

}  // namespace gatehouse::base

template <>
struct std::hash<gatehouse::base::Uuid> {
  size_t operator()(const gatehouse::base::Uuid& id) const noexcept {
    return std::hash<std::string_view>()(id.bytes());
  }
};

#endif  // GATEHOUSE_BASE_UUID_H_
