#include "service/mail/alert/alert_telling.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <random>
#include <vector>

#include "base/time.h"
#include "storage/alert/alert.h"
#include "storage/alert/alert_destination.h"

namespace gatehouse::service::mail {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using storage::AlertState;
using What = Telling::What;

// Thursday, 2026-01-01T00:00:00Z; one o'clock in Berlin.
constexpr base::Time kThursday = base::TimeFromMicros(1'767'225'600'000'000);

class AlertTellingTest : public testing::Test {
 protected:
  Telling At(base::Time now) { return TellingOf(destination_, notice_, alert_, now); }

  storage::AlertDestination destination_{.tells_resolved = true, .time_zone = "Europe/Berlin"};
  storage::AlertNotice notice_;
  storage::Alert alert_{.key = {.kind = storage::AlertKind::kFailing}, .level = 50};
};

TEST_F(AlertTellingTest, TellsOfWhatIsNew) {
  EXPECT_EQ(At(kThursday).what, What::kTell);
  notice_.told_time = kThursday;
  notice_.told_state = AlertState::kOpen;
  notice_.told_level = 50;
  EXPECT_EQ(At(kThursday + minutes(1)).what, What::kNothing);
  alert_.level = 70;
  EXPECT_EQ(At(kThursday + minutes(1)).what, What::kTell);
  alert_.state = AlertState::kResolved;
  EXPECT_EQ(At(kThursday + minutes(1)).what, What::kTell);
  notice_.told_state = AlertState::kResolved;
  EXPECT_EQ(At(kThursday + minutes(1)).what, What::kNothing);
  alert_.state = AlertState::kOpen;
  EXPECT_EQ(At(kThursday + minutes(1)).what, What::kTell);
}

TEST_F(AlertTellingTest, ThatItIsOverIsToldToWhoWasToldAndWantsToKnow) {
  alert_.state = AlertState::kResolved;
  EXPECT_EQ(At(kThursday).what, What::kNothing);
  notice_.told_state = AlertState::kOpen;
  EXPECT_EQ(At(kThursday).what, What::kTell);
  destination_.tells_resolved = false;
  EXPECT_EQ(At(kThursday).what, What::kNothing);
}

TEST_F(AlertTellingTest, IsSilentForAWhileAfterAMail) {
  destination_.silence = hours(2);
  notice_.told_time = kThursday;
  notice_.told_state = AlertState::kOpen;
  notice_.told_level = 50;
  alert_.level = 90;
  const Telling telling = At(kThursday + hours(1));
  EXPECT_EQ(telling.what, What::kLater);
  EXPECT_EQ(telling.again, kThursday + hours(2));
  EXPECT_EQ(At(telling.again).what, What::kTell);
}

TEST_F(AlertTellingTest, WaitsForTheEndOfQuietHours) {
  // From 22 o'clock on Wednesday to 6 on Thursday, in Berlin.
  destination_.quiet_hours = {{.days = {3}, .start = hours(22), .end = hours(6)}};
  EXPECT_EQ(QuietUntil(destination_, kThursday), kThursday + hours(5));
  EXPECT_EQ(QuietUntil(destination_, kThursday + hours(5)), std::nullopt);
  EXPECT_EQ(QuietUntil(destination_, kThursday - hours(3)), kThursday + hours(5));
  EXPECT_EQ(QuietUntil(destination_, kThursday - hours(3) - minutes(1)), std::nullopt);
  // Thursday's own evening is no Wednesday's.
  EXPECT_EQ(QuietUntil(destination_, kThursday + hours(22)), std::nullopt);
  // The next ones begin where these end.
  destination_.quiet_hours.push_back({.days = {4}, .start = hours(6), .end = hours(8)});
  EXPECT_EQ(QuietUntil(destination_, kThursday), kThursday + hours(7));
  const Telling telling = At(kThursday);
  EXPECT_EQ(telling.what, What::kLater);
  EXPECT_EQ(telling.again, kThursday + hours(7));
}

TEST_F(AlertTellingTest, CriticalOnesWakeWhoWantsThat) {
  destination_.quiet_hours = {{.days = {1, 2, 3, 4, 5, 6, 7}, .start = hours(0), .end = hours(0)}};
  alert_.level = 90;
  EXPECT_EQ(At(kThursday).what, What::kLater);
  destination_.wakes_critical = true;
  EXPECT_EQ(At(kThursday).what, What::kTell);
  alert_.level = 50;
  EXPECT_EQ(At(kThursday).what, What::kLater);
}

// At 3 o'clock on March 29 it was 2 o'clock before.
TEST_F(AlertTellingTest, SummerTimeMovesTheEnd) {
  const base::Time midnight = base::TimeFromMicros(1'774'738'800'000'000);  // 2026-03-29 00:00 +1.
  destination_.quiet_hours = {{.days = {7}, .start = hours(0), .end = hours(6)}};
  EXPECT_EQ(QuietUntil(destination_, midnight), midnight + hours(5));
}

// Whatever the hours are and the clocks do: from each moment before their end the end is the same.
TEST_F(AlertTellingTest, TheEndIsTheFirstMinuteThatIsNotQuiet) {
  // 2026-03-27 00:00 UTC: a change of the clocks follows in Europe, in April one in Australia.
  const base::Time friday = base::TimeFromMicros(1'774'569'600'000'000);
  std::minstd_rand random(7);
  const auto below = [&random](int end) { return static_cast<int>(random() % end); };
  for (int i = 0; i < 60; ++i) {
    destination_.time_zone =
        std::vector{"Europe/Berlin", "Australia/Lord_Howe", "America/New_York"}[i % 3];
    destination_.quiet_hours.clear();
    for (int j = 0; j < 3; ++j) {
      storage::QuietHours quiet{.start = minutes(below(1440)), .end = minutes(below(1440))};
      for (int day = 1; day <= 7; ++day) {
        if (below(3) > 0) quiet.days.push_back(day);
      }
      destination_.quiet_hours.push_back(quiet);
    }
    const base::Time now = friday + hours(below(24 * 10)) + minutes(below(60));
    const std::optional<base::Time> end = QuietUntil(destination_, now);
    if (!end || *end - now > hours(24 * 5)) continue;
    EXPECT_EQ(QuietUntil(destination_, *end), std::nullopt) << i;
    for (base::Time at = now; at < *end; at += minutes(29)) {
      ASSERT_EQ(QuietUntil(destination_, at), end) << i;
    }
    EXPECT_EQ(QuietUntil(destination_, *end - minutes(1)), end) << i;
  }
}

}  // namespace
}  // namespace gatehouse::service::mail
