#include "auth/password/argon2id_calibration.h"

#include <algorithm>
#include <optional>
#include <string>

#include "auth/password/argon2id_arena.h"
#include "auth/password/argon2id_digest.h"

namespace gatehouse::auth {
namespace {

using std::chrono::nanoseconds;

// The least of them is the one that was disturbed least.
constexpr int kMeasurements = 3;
// As our own hashes have them.
constexpr size_t kSaltBytes = 16;
constexpr size_t kDigestBytes = 32;

// Twice the work; nullopt where the bounds are reached.
std::optional<Argon2idParams> Doubled(Argon2idParams params, uint32_t max_memory_kib) {
  if (params.memory_kib <= max_memory_kib / 2) {
    params.memory_kib *= 2;
    return params;
  }
  if (params.passes > kMaxArgon2idParams.passes / 2) return std::nullopt;
  params.passes *= 2;
  return params;
}

}  // namespace

nanoseconds MeasureArgon2id(const Argon2idParams& params) {
  const std::string salt(kSaltBytes, 's');
  // Kept between the hashes, as it is under load.
  Argon2idArena arena;
  nanoseconds least = nanoseconds::max();
  for (int i = 0; i < kMeasurements; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (!Argon2idDigest(params, "correct horse battery", salt, kDigestBytes, arena)) {
      return nanoseconds::max();
    }
    least = std::min<nanoseconds>(least, std::chrono::steady_clock::now() - start);
  }
  return least;
}

Argon2idCalibration CalibrateArgon2id(std::chrono::milliseconds target, const Argon2idParams& least,
                                      uint32_t max_memory_kib, const MeasureArgon2idFn& measure) {
  Argon2idCalibration found{.params = least, .time = measure(least)};
  std::optional<Argon2idParams> cheaper;
  std::optional<Argon2idParams> next = Doubled(least, max_memory_kib);
  while (next && found.time <= nanoseconds(target) / 2) {
    const nanoseconds time = measure(*next);
    if (time > target) break;
    cheaper = found.params;
    found.params = *next;
    found.time = time;
    next = Doubled(*next, max_memory_kib);
  }
  if (cheaper) found.neighbours.push_back(*cheaper);
  if (next) found.neighbours.push_back(*next);
  return found;
}

}  // namespace gatehouse::auth
