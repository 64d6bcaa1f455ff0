#ifndef GATEHOUSE_AUTH_PASSWORD_ARGON2ID_CALIBRATION_H_
#define GATEHOUSE_AUTH_PASSWORD_ARGON2ID_CALIBRATION_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "auth/password/argon2id.h"

namespace gatehouse::auth {

// Of one hash of these costs, while nothing else runs.
using MeasureArgon2idFn = std::function<std::chrono::nanoseconds(const Argon2idParams&)>;

// On this machine: the least of a few hashes, on the calling thread, which blocks for as long. The
// longest there is if there was no memory for them.
std::chrono::nanoseconds MeasureArgon2id(const Argon2idParams& params);

// Costs that were found by measuring.
struct Argon2idCalibration {
  Argon2idParams params;
  // Of one hash of `params`.
  std::chrono::nanoseconds time;
  // One step cheaper and one dearer, where there is one: what this machine may find at its next
  // start, or another one of the same database.
  std::vector<Argon2idParams> neighbours = {};
};

// The dearest costs of which a hash takes no longer than `target`: from `least` on, which are taken
// however long they take, each step doubles the work. Memory grows first, since attackers pay most
// for it, up to `max_memory_kib`; then passes, within kMaxArgon2idParams. Steps of that size, so
// that machines of one kind find the same, and one machine the same at each start.
//
// Blocks for about six times `target` with MeasureArgon2id; by what would not fit it measures
// nothing.
Argon2idCalibration CalibrateArgon2id(std::chrono::milliseconds target, const Argon2idParams& least,
                                      uint32_t max_memory_kib,
                                      const MeasureArgon2idFn& measure = MeasureArgon2id);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_ARGON2ID_CALIBRATION_H_
