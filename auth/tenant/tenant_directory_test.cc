#include "auth/tenant/tenant_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::auth {
namespace {

using base::Principal;
using base::Reason;
using base::Uuid;
using storage::Tenant;
using storage::TenantState;
using ::testing::ElementsAre;
using ::testing::Optional;

const Uuid kAcme = *Uuid::Parse("01890000-0000-7000-8000-000000000001");
const Uuid kOther = *Uuid::Parse("01890000-0000-7000-8000-000000000002");
const Uuid kUnknown = *Uuid::Parse("01890000-0000-7000-8000-000000000003");

Tenant TenantOf(const Uuid& id, std::string name, std::vector<std::string> hosts = {},
                int64_t version = 1, TenantState state = TenantState::kActive) {
  return {.id = id,
          .name = std::move(name),
          .host_names = std::move(hosts),
          .state = state,
          .version = version};
}

class TenantDirectoryTest : public ::testing::Test {
 protected:
  TenantDirectoryTest() {
    directory_.Put(TenantOf(kAcme, "acme", {"acme.example"}));
    directory_.Put(TenantOf(kOther, "other"));
  }

  base::CallContext Nobody(const Uuid& tenant_id = base::kDefaultTenantId) {
    Principal principal;
    principal.tenant_id = tenant_id;
    return runner_.Context({.principal = principal});
  }

  tests::LoopRunner runner_;
  TenantDirectory directory_;
};

TEST_F(TenantDirectoryTest, FindsByIdNameAndHost) {
  EXPECT_THAT(directory_.Find("acme"), Optional(kAcme));
  EXPECT_THAT(directory_.Find(kOther.ToString()), Optional(kOther));
  EXPECT_THAT(directory_.Find(base::kDefaultTenantId.ToString()), Optional(base::kDefaultTenantId));
  for (const std::string& name :
       {std::string("Acme"), std::string(), std::string("acme.example"), kUnknown.ToString()}) {
    EXPECT_EQ(directory_.Find(name), std::nullopt) << name;
  }
  for (const char* host : {"acme.example", "ACME.example:443", "acme.example."}) {
    EXPECT_THAT(directory_.FindHost(host), Optional(kAcme)) << host;
  }
  for (const char* host : {"", "example", "x.acme.example", "127.0.0.1:80", "[::1]:80", "acme"}) {
    EXPECT_EQ(directory_.FindHost(host), std::nullopt) << host;
  }
}

TEST_F(TenantDirectoryTest, AHostGoesFromOneToTheOtherInEitherOrder) {
  // The news of two changes may come in the order of the tenants.
  directory_.Put(TenantOf(kOther, "other", {"acme.example"}, 2));
  directory_.Put(TenantOf(kAcme, "acme", {}, 2));
  EXPECT_THAT(directory_.FindHost("acme.example"), Optional(kOther));
  directory_.Put(TenantOf(kOther, "other", {}, 3));
  EXPECT_EQ(directory_.FindHost("acme.example"), std::nullopt);
}

TEST_F(TenantDirectoryTest, AnOlderVersionChangesNothing) {
  directory_.Put(TenantOf(kAcme, "acme", {}, 3, TenantState::kFrozen));
  directory_.Put(TenantOf(kAcme, "acme", {}, 2));
  EXPECT_TRUE(base::HasReason(directory_.CheckActive(kAcme), Reason::kTenantFrozen));
}

TEST_F(TenantDirectoryTest, SaysWhyATenantTakesNoCalls) {
  EXPECT_TRUE(directory_.CheckActive(kAcme).ok());
  EXPECT_TRUE(directory_.CheckActive(base::kDefaultTenantId).ok());
  EXPECT_TRUE(directory_.CheckActive(kUnknown).ok());
  directory_.Put(TenantOf(kAcme, "acme", {}, 2, TenantState::kFrozen));
  const absl::Status frozen = directory_.CheckActive(kAcme);
  EXPECT_EQ(frozen.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(base::GetErrorDetails(frozen)->retry_after.has_value());
  Tenant moved = TenantOf(kAcme, "acme", {}, 3, TenantState::kMoved);
  moved.moved_to = "eu2";
  directory_.Put(moved);
  const auto details = base::GetErrorDetails(directory_.CheckActive(kAcme));
  ASSERT_TRUE(details);
  EXPECT_EQ(details->reason, Reason::kTenantMoved);
  EXPECT_THAT(details->metadata, ElementsAre(std::pair("destination", "eu2")));
}

TEST_F(TenantDirectoryTest, ListsTheActiveOnesInSlices) {
  EXPECT_THAT(directory_.ListActive({}, 10), ElementsAre(base::kDefaultTenantId, kAcme, kOther));
  EXPECT_THAT(directory_.ListActive({}, 2), ElementsAre(base::kDefaultTenantId, kAcme));
  EXPECT_THAT(directory_.ListActive(kAcme, 2), ElementsAre(kOther));
  directory_.Put(TenantOf(kAcme, "acme", {}, 2, TenantState::kFrozen));
  EXPECT_THAT(directory_.ListActive({}, 10), ElementsAre(base::kDefaultTenantId, kOther));
  EXPECT_EQ(directory_.size(), 2u);
}

TEST_F(TenantDirectoryTest, IsReplacedUnlessSomethingHappenedMeanwhile) {
  const uint64_t before = directory_.changes();
  directory_.Put(TenantOf(kAcme, "acme", {}, 2, TenantState::kFrozen));
  EXPECT_FALSE(directory_.Replace({TenantOf(kAcme, "acme")}, before));
  EXPECT_FALSE(directory_.CheckActive(kAcme).ok());
  // As after a fail-over to a standby that had less.
  EXPECT_TRUE(directory_.Replace({TenantOf(kAcme, "acme")}, directory_.changes()));
  EXPECT_TRUE(directory_.CheckActive(kAcme).ok());
  EXPECT_EQ(directory_.Find("other"), std::nullopt);
}

TEST_F(TenantDirectoryTest, ATokenTakesACallToItsTenantUnlessItNamesAnother) {
  const base::CallContext unnamed = Nobody();
  EXPECT_THAT(directory_.Enter(unnamed, kAcme).value(), true);
  EXPECT_EQ(unnamed.principal().tenant_id, kAcme);
  EXPECT_TRUE(*directory_.Enter(Nobody(kAcme), kAcme));
  const base::CallContext elsewhere = Nobody(kOther);
  EXPECT_FALSE(*directory_.Enter(elsewhere, kAcme));
  EXPECT_EQ(elsewhere.principal().tenant_id, kOther);
  EXPECT_FALSE(*directory_.Enter(Nobody(base::Uuid()), kAcme)) << "it names one that is not there";
  directory_.Put(TenantOf(kAcme, "acme", {}, 2, TenantState::kFrozen));
  EXPECT_TRUE(base::HasReason(directory_.Enter(Nobody(), kAcme).status(), Reason::kTenantFrozen));
}

}  // namespace
}  // namespace gatehouse::auth
