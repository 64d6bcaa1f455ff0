#include "auth/step_up/step_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/manual_clock.h"
#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

using testing::ElementsAre;

constexpr std::chrono::seconds kAge{900};

class StepUpTest : public testing::Test {
 protected:
  // Somebody who logged in now.
  base::Principal Person(std::vector<std::string> amr) const {
    return {.kind = base::Principal::Kind::kUser, .auth_time = clock_.Now(), .amr = std::move(amr)};
  }
  // What `status` says is lacking.
  static std::vector<std::string> Lacking(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(base::HasReason(status, base::Reason::kStepUpRequired));
    std::vector<std::string> fields;
    // Kept: what a loop goes over must outlive it.
    const std::optional<base::ErrorDetails> details = base::GetErrorDetails(status);
    for (const base::FieldViolation& violation : details->violations) {
      fields.push_back(violation.field);
    }
    return fields;
  }

  base::ManualClock clock_{base::TimeFromMicros(1'767'225'600'000'000)};
  const StepUp step_up_{clock_, kAge};
};

TEST_F(StepUpTest, ALoginCountsForItsTime) {
  const base::Principal person = Person({"pwd"});
  clock_.Advance(kAge);
  EXPECT_TRUE(step_up_.Require(person).ok());
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_THAT(Lacking(step_up_.Require(person)), ElementsAre("auth_time"));
}

TEST_F(StepUpTest, WhoHasASecondFactorMustHaveProvenIt) {
  EXPECT_TRUE(step_up_.Require(Person({"pwd", "otp", "mfa"}), true).ok());
  const base::Principal person = Person({"pwd"});
  EXPECT_THAT(Lacking(step_up_.Require(person, true)), ElementsAre("amr"));
  clock_.Advance(2 * kAge);
  EXPECT_THAT(Lacking(step_up_.Require(person, true)), ElementsAre("auth_time", "amr"));
}

TEST_F(StepUpTest, NothingIsAskedOfKeysOrWhereItIsSwitchedOff) {
  base::Principal key = Person({});
  key.kind = base::Principal::Kind::kApiKey;
  const base::Principal person = Person({"pwd"});
  clock_.Advance(2 * kAge);
  EXPECT_TRUE(step_up_.Require(key, true).ok());
  EXPECT_TRUE(StepUp(clock_, std::chrono::seconds(0)).Require(person, true).ok());
}

TEST(AmrTest, WhatIsProvenLaterIsAdded) {
  EXPECT_THAT(AddToAmr({"pwd"}, {"pwd"}), ElementsAre("pwd"));
  EXPECT_THAT(AddToAmr({"pwd"}, {"otp"}), ElementsAre("pwd", "otp", "mfa"));
  EXPECT_THAT(AddToAmr({"pwd", "otp", "mfa"}, {"pop"}), ElementsAre("pwd", "otp", "pop", "mfa"));
  EXPECT_THAT(AddToAmr({"pop"}, {"pop", "mfa"}), ElementsAre("pop", "mfa"));
  // Two things that one has are one factor, and so are a password and a mail.
  EXPECT_THAT(AddToAmr({"otp"}, {"pop"}), ElementsAre("otp", "pop"));
  EXPECT_THAT(AddToAmr({"mca"}, {"pwd"}), ElementsAre("mca", "pwd"));
  EXPECT_THAT(AddToAmr({"mca"}, {"otp"}), ElementsAre("mca", "otp", "mfa"));
}

}  // namespace
}  // namespace gatehouse::auth
