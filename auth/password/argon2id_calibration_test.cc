#include "auth/password/argon2id_calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace gatehouse::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Argon2idParams kLeast;
constexpr uint32_t kMaxMemoryKib = 64 * 1024;

constexpr Argon2idParams Costs(uint32_t memory_kib, uint32_t passes) {
  return {.memory_kib = memory_kib, .passes = passes, .lanes = 1};
}

// A machine on which the least costs take 10 ms, and twice the work twice as long.
class Machine {
 public:
  MeasureArgon2idFn measure() {
    return [this](const Argon2idParams& params) -> nanoseconds {
      measured_.push_back(params);
      const uint32_t work = params.memory_kib * params.passes;
      return milliseconds(10) * work / (kLeast.memory_kib * kLeast.passes);
    };
  }
  const std::vector<Argon2idParams>& measured() const { return measured_; }

 private:
  std::vector<Argon2idParams> measured_;
};

TEST(Argon2idCalibrationTest, TakesTheDearestCostsThatTheTargetAllows) {
  Machine machine;
  const Argon2idCalibration found =
      CalibrateArgon2id(milliseconds(45), kLeast, kMaxMemoryKib, machine.measure());
  EXPECT_EQ(found.params, Costs(2 * 19'456, 4)) << "twice as much memory again would be too much";
  EXPECT_EQ(found.time, milliseconds(40));
  EXPECT_THAT(found.neighbours, ElementsAre(Costs(2 * 19'456, 2), Costs(2 * 19'456, 8)));
  EXPECT_THAT(machine.measured(), ElementsAre(kLeast, Costs(2 * 19'456, 2), Costs(2 * 19'456, 4)))
      << "what cannot fit is not measured";
}

TEST(Argon2idCalibrationTest, ATargetMayBeMetExactly) {
  Machine machine;
  EXPECT_EQ(CalibrateArgon2id(milliseconds(20), kLeast, kMaxMemoryKib, machine.measure()).params,
            Costs(2 * 19'456, 2));
}

TEST(Argon2idCalibrationTest, ASlowMachineTakesTheLeastAllTheSame) {
  Machine machine;
  const Argon2idCalibration found =
      CalibrateArgon2id(milliseconds(5), kLeast, kMaxMemoryKib, machine.measure());
  EXPECT_EQ(found.params, kLeast);
  EXPECT_EQ(found.time, milliseconds(10));
  EXPECT_THAT(found.neighbours, ElementsAre(Costs(2 * 19'456, 2)));
}

TEST(Argon2idCalibrationTest, NothingGoesBeyondTheBounds) {
  Machine machine;
  const Argon2idCalibration found =
      CalibrateArgon2id(milliseconds(10'000), kLeast, kMaxMemoryKib, machine.measure());
  EXPECT_EQ(found.params, Costs(2 * 19'456, 8));
  EXPECT_THAT(found.neighbours, ElementsAre(Costs(2 * 19'456, 4)));
  // From where the bound is passed already.
  EXPECT_EQ(
      CalibrateArgon2id(milliseconds(10'000), Costs(100'000, 3), kMaxMemoryKib, machine.measure())
          .params,
      Costs(100'000, 6));
  const Argon2idCalibration most =
      CalibrateArgon2id(milliseconds(10'000), Costs(100'000, 10), kMaxMemoryKib, machine.measure());
  EXPECT_EQ(most.params, Costs(100'000, 10));
  EXPECT_THAT(most.neighbours, IsEmpty());
}

// Memory that no cache holds takes more than its share.
TEST(Argon2idCalibrationTest, AStepThatTurnsOutTooDearIsNotTaken) {
  const auto found =
      CalibrateArgon2id(milliseconds(25), kLeast, kMaxMemoryKib, [](const Argon2idParams& params) {
        return params == kLeast ? milliseconds(10) : milliseconds(26);
      });
  EXPECT_EQ(found.params, kLeast);
  EXPECT_EQ(found.time, milliseconds(10));
}

TEST(Argon2idCalibrationTest, AHashTakesTime) {
  const nanoseconds time = MeasureArgon2id(Costs(64, 1));
  EXPECT_GT(time, nanoseconds(0));
  EXPECT_LT(time, nanoseconds::max());
}

}  // namespace
}  // namespace gatehouse::auth
