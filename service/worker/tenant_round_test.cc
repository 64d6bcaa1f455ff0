#include "service/worker/tenant_round.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "storage/tenant/tenant.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::service {
namespace {

using base::Uuid;
using ::testing::ElementsAre;

const Uuid kFirst = *Uuid::Parse("01890000-0000-7000-8000-000000000001");
const Uuid kSecond = *Uuid::Parse("01890000-0000-7000-8000-000000000002");

class TenantRoundTest : public ::testing::Test {
 protected:
  TenantRoundTest() {
    directory_.Put({.id = kFirst, .name = "first"});
    directory_.Put({.id = kSecond, .name = "second"});
  }

  absl::Status Turn(TenantRound& round) {
    visited_.clear();
    turn_ = runner_.Context({.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1)});
    return runner_.Run<absl::Status>([&] { return round.RunOnce(*turn_); });
  }

  static base::Task<absl::Status> Visit(TenantRoundTest* test, base::CallContext ctx) {
    test->visited_.push_back(ctx.principal().tenant_id);
    if (ctx.principal().tenant_id == test->broken_) co_return absl::InternalError("broken");
    if (ctx.principal().tenant_id == test->busy_) {
      // As if it had taken until then.
      test->turn_->set_deadline(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    }
    co_return absl::OkStatus();
  }

  TenantRound Make(size_t per_turn) {
    return TenantRound(
        directory_, [this](base::CallContext ctx) { return Visit(this, std::move(ctx)); },
        per_turn);
  }

  auth::TenantDirectory directory_;
  std::vector<Uuid> visited_;
  Uuid broken_ = *Uuid::Parse("01890000-0000-7000-8000-0000000000ff");
  Uuid busy_ = broken_;
  tests::LoopRunner runner_;
  std::optional<base::CallContext> turn_;
};

TEST_F(TenantRoundTest, VisitsSoManyATurnAndBeginsAnew) {
  TenantRound round = Make(2);
  EXPECT_TRUE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(base::kDefaultTenantId, kFirst));
  EXPECT_TRUE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(kSecond));
  EXPECT_TRUE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(base::kDefaultTenantId, kFirst));
}

TEST_F(TenantRoundTest, LeavesFrozenTenantsAlone) {
  directory_.Put(
      {.id = kFirst, .name = "first", .state = storage::TenantState::kFrozen, .version = 2});
  TenantRound round = Make(10);
  EXPECT_TRUE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(base::kDefaultTenantId, kSecond));
}

TEST_F(TenantRoundTest, OneThatFailsHoldsUpNoOther) {
  broken_ = kFirst;
  TenantRound round = Make(10);
  EXPECT_FALSE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(base::kDefaultTenantId, kFirst));
  EXPECT_TRUE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(kSecond));
}

TEST_F(TenantRoundTest, WhoTakesTheTimeOfATurnTakesItFromNobody) {
  busy_ = kFirst;
  TenantRound round = Make(10);
  EXPECT_TRUE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(base::kDefaultTenantId, kFirst));
  EXPECT_TRUE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(kSecond));
  EXPECT_TRUE(Turn(round).ok());
  EXPECT_THAT(visited_, ElementsAre(base::kDefaultTenantId, kFirst));
}

}  // namespace
}  // namespace gatehouse::service
