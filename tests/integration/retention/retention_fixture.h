#ifndef GATEHOUSE_TESTS_INTEGRATION_RETENTION_RETENTION_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_RETENTION_RETENTION_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/manual_clock.h"
#include "base/system_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/main/area/retention_options.h"
#include "service/retention/retention_periods.h"
#include "service/retention/retention_sweeper.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {

// A database with the past in it, and nothing that runs: sweeps are made by hand.
class RetentionFixture : public EventLogFixture {
 protected:
  void SetUp() override {
    EventLogFixture::SetUp();
    if (DaysAgo(0) + std::chrono::hours(24) - base::SystemClock().Now() < std::chrono::minutes(1)) {
      GTEST_SKIP() << "the day is about to end";
    }
  }

  using Policy = service::RetentionPolicy;
  using Sweep = service::RetentionSweep;

  // The beginning of a day so many days before today. What is bound to the clock of the database
  // as well cannot be stepped, so tests lie in its past.
  static base::Time DaysAgo(int days) {
    return base::Time(std::chrono::floor<std::chrono::days>(base::SystemClock().Now())) -
           std::chrono::days(days);
  }

  // Keeps what is from `days` days ago and later.
  Sweep Run(Policy policy, int days, bool dry_run = false) {
    service::RetentionPeriods periods;
    periods[policy] = std::chrono::days(days);
    return Run(policy, periods, dry_run);
  }

  Sweep Run(Policy policy, service::RetentionPeriods periods, bool dry_run = false) {
    service::RetentionSweeper sweeper(service::RetentionDepsOf(*storage_, now_), periods);
    const auto sweep = runner_.Run<absl::StatusOr<Sweep>>([&] {
      return sweeper.Run(base::SystemContext(runner_.loop(), "retention", std::chrono::minutes(5)),
                         policy, dry_run);
    });
    EXPECT_THAT(sweep, IsOk());
    return sweep.value_or(Sweep());
  }

  // Noon of today: days that are counted in whole ones end well before it.
  base::ManualClock now_{DaysAgo(0) + std::chrono::hours(12)};
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_RETENTION_RETENTION_FIXTURE_H_
