#include "base/uuid.h"

#include <cstring>

#include "base/async/mutex.h"
#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::base {
namespace {

constexpr size_t kTextLength = 36;
constexpr bool IsDash(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

void PutMillis(std::array<uint8_t, 16>& bytes, Time time) {
  const uint64_t millis = static_cast<uint64_t>(ToMicros(time) / 1000);
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
}

// RFC 9562 section 6.2, method 2: within one millisecond the random part is
// the previous one plus a random step, so that ids of one process ascend.
class Generator {
 public:
  std::array<uint8_t, 16> Next(Time time) GH_EXCLUDES(mutex_) {
    std::array<uint8_t, 16> bytes = {};
    PutMillis(bytes, time);
    MutexLock lock(mutex_);
    if (pool_left_ < kRandomPerId) Refill();
    pool_left_ -= kRandomPerId;
    std::memcpy(bytes.data() + 6, pool_.data() + pool_left_, kRandomPerId);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    if (std::memcmp(bytes.data(), last_.data(), 6) == 0 && bytes <= last_) {
      bytes = last_;
      Increment(bytes);
    }
    last_ = bytes;
    return bytes;
  }

 private:
  static constexpr size_t kRandomPerId = 10;

  void Refill() GH_REQUIRES(mutex_) {
    const std::string random = RandomBytes(pool_.size());
    std::memcpy(pool_.data(), random.data(), pool_.size());
    pool_left_ = pool_.size();
  }

  // Adds one to the 74 bits outside the version and variant fields; a carry
  // out of the low 62 bits goes on into the 12 bits of rand_a.
  static void Increment(std::array<uint8_t, 16>& bytes) {
    for (int i = 15; i >= 9; --i) {
      if (++bytes[i] != 0) return;
    }
    const uint8_t low = (bytes[8] + 1) & 0x3f;
    bytes[8] = 0x80 | low;
    if (low != 0) return;
    if (++bytes[7] != 0) return;
    bytes[6] = 0x70 | ((bytes[6] + 1) & 0x0f);
  }

  Mutex mutex_;
  std::array<uint8_t, 16> last_ GH_GUARDED_BY(mutex_) = {};
  // Random bytes are drawn in bulk: one call to the generator per 100 ids.
  std::array<uint8_t, 100 * kRandomPerId> pool_ GH_GUARDED_BY(mutex_) = {};
  size_t pool_left_ GH_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  std::string hex;
  hex.reserve(32);
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i) != (text[i] == '-')) return std::nullopt;
    if (!IsDash(i)) hex.push_back(text[i]);
  }
  const std::optional<std::string> bytes = HexDecode(hex);
  if (!bytes) return std::nullopt;
  return FromBytes(*bytes);
}

std::optional<Uuid> Uuid::FromBytes(std::string_view bytes) {
  if (bytes.size() != 16) return std::nullopt;
  Uuid id;
  std::memcpy(id.bytes_.data(), bytes.data(), 16);
  return id;
}

Uuid Uuid::MakeV7(Time time) {
  static Generator& generator = *new Generator();
  return Uuid(generator.Next(time));
}

Uuid Uuid::MinV7(Time time) {
  std::array<uint8_t, 16> bytes = {};
  PutMillis(bytes, time);
  bytes[6] = 0x70;
  bytes[8] = 0x80;
  return Uuid(bytes);
}

std::string Uuid::ToString() const {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text(kTextLength, '-');
  size_t at = 0;
  for (const uint8_t byte : bytes_) {
    if (IsDash(at)) ++at;
    text[at++] = kHex[byte >> 4];
    text[at++] = kHex[byte & 0xf];
  }
  return text;
}

Time Uuid::v7_time() const {
  uint64_t millis = 0;
  for (int i = 0; i < 6; ++i) millis = millis << 8 | bytes_[i];
  return TimeFromMicros(static_cast<int64_t>(millis) * 1000);
}

}  // namespace gatehouse::base
