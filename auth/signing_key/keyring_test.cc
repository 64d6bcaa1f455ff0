#include "auth/signing_key/keyring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/status.h"

namespace gatehouse::auth {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string kMaster(32, 'm');
const base::Time kStart = base::TimeFromMicros(1'700'000'000'000'000);
const base::Uuid kTenant = base::kDefaultTenantId;

SigningKeyRow MakeRow(base::Time active_from, std::optional<base::Time> retired_at = std::nullopt) {
  SigningKeyRow row =
      SigningKey::Generate(SigningAlgorithm::kEdDsa, kTenant, active_from, active_from, kMaster);
  row.retired_at = retired_at;
  return row;
}

// Applies a plan as the storage would.
void Apply(const RotationPlan& plan, base::Time now, std::vector<SigningKeyRow>& rows) {
  for (const auto& retirement : plan.retire) {
    for (SigningKeyRow& row : rows) {
      if (row.key_id == retirement.key_id) row.retired_at = retirement.retired_at;
    }
  }
  std::erase_if(rows, [&](const SigningKeyRow& row) {
    return std::ranges::find(plan.remove, row.key_id) != plan.remove.end();
  });
  if (plan.add_active_from) {
    rows.push_back(SigningKey::Generate(SigningAlgorithm::kEdDsa, kTenant, now,
                                        *plan.add_active_from, kMaster));
  }
}

TEST(PlanRotationTest, WithoutKeysOneIsNeededNow) {
  const RotationPlan plan = PlanRotation({}, kStart, {});
  EXPECT_EQ(plan.add_active_from, kStart);
  EXPECT_TRUE(plan.retire.empty());
}

TEST(PlanRotationTest, AYoungKeyNeedsNothing) {
  EXPECT_TRUE(PlanRotation(std::vector{MakeRow(kStart)}, kStart + days(29), {}).empty());
}

TEST(PlanRotationTest, TheNextKeyIsPublishedBeforeItSigns) {
  const std::vector rows = {MakeRow(kStart)};
  const base::Time now = kStart + days(30) - minutes(10);
  const RotationPlan plan = PlanRotation(rows, now, {});
  EXPECT_EQ(plan.add_active_from, kStart + days(30));
  ASSERT_EQ(plan.retire.size(), 1u);
  EXPECT_EQ(plan.retire[0].key_id, rows[0].key_id);
  EXPECT_EQ(plan.retire[0].retired_at, kStart + days(30));
}

TEST(PlanRotationTest, AServerThatSleptStillPublishesFirst) {
  const std::vector rows = {MakeRow(kStart)};
  const base::Time now = kStart + days(90);
  const RotationPlan plan = PlanRotation(rows, now, {});
  EXPECT_EQ(plan.add_active_from, now + minutes(10));
  EXPECT_EQ(plan.retire[0].retired_at, now + minutes(10));
}

TEST(PlanRotationTest, FinishesWhatACrashLeft) {
  const std::vector rows = {MakeRow(kStart), MakeRow(kStart + days(30))};
  const RotationPlan plan = PlanRotation(rows, kStart + days(31), {});
  EXPECT_FALSE(plan.add_active_from.has_value());
  ASSERT_EQ(plan.retire.size(), 1u);
  EXPECT_EQ(plan.retire[0].key_id, rows[0].key_id);
  EXPECT_EQ(plan.retire[0].retired_at, kStart + days(30));
}

TEST(PlanRotationTest, AKeyToldToStopGetsASuccessorInTime) {
  const std::vector rows = {MakeRow(kStart, kStart + hours(2))};
  EXPECT_EQ(PlanRotation(rows, kStart + hours(1), {}).add_active_from, kStart + hours(2));
  EXPECT_EQ(PlanRotation(rows, kStart + hours(3), {}).add_active_from, kStart + hours(3));
}

TEST(PlanRotationTest, ARetiredKeyGoesOnlyWhenItsTokensAreDead) {
  const std::vector rows = {MakeRow(kStart, kStart + hours(1)), MakeRow(kStart + hours(1))};
  EXPECT_TRUE(PlanRotation(rows, kStart + hours(1) + minutes(9), {}).remove.empty());
  EXPECT_EQ(PlanRotation(rows, kStart + hours(1) + minutes(10), {}).remove,
            std::vector{rows[0].key_id});
}

TEST(PlanEarlyRotationTest, PublishesASuccessorOnce) {
  std::vector rows = {MakeRow(kStart)};
  const base::Time now = kStart + days(3);
  const RotationPlan plan = PlanEarlyRotation(rows, now, {});
  EXPECT_EQ(plan.add_active_from, now + minutes(10));
  ASSERT_EQ(plan.retire.size(), 1u);
  EXPECT_EQ(plan.retire[0].key_id, rows[0].key_id);
  EXPECT_EQ(plan.retire[0].retired_at, now + minutes(10));
  EXPECT_TRUE(plan.remove.empty());
  Apply(plan, now, rows);
  EXPECT_TRUE(PlanEarlyRotation(rows, now + minutes(9), {}).empty());
  EXPECT_FALSE(PlanEarlyRotation(rows, now + minutes(10), {}).empty()) << "it signs now";
  // The schedule counts from the new key.
  EXPECT_FALSE(PlanRotation(rows, now + days(29), {}).add_active_from.has_value());
}

TEST(PlanEarlyRotationTest, WithoutKeysOneIsNeededNow) {
  EXPECT_EQ(PlanEarlyRotation({}, kStart, {}).add_active_from, kStart);
}

TEST(PlanEmergencyRotationTest, LeavesNoKeyThatIsThere) {
  std::vector rows = {MakeRow(kStart, kStart + hours(1)), MakeRow(kStart + hours(1)),
                      MakeRow(kStart + hours(2))};
  const base::Time now = kStart + hours(1) + minutes(1);
  const RotationPlan plan = PlanEmergencyRotation(rows, now);
  EXPECT_EQ(plan.add_active_from, now);
  EXPECT_EQ(plan.remove.size(), 3u) << "the retired one and the published one as well";
  Apply(plan, now, rows);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(PlanRotation(rows, now, {}).empty());
}

// A year of rotation, looked at every 5 minutes.
TEST(PlanRotationTest, NeverKeylessAlwaysPublishedAlwaysVerifiable) {
  const RotationPolicy policy;
  const seconds token_lifetime = minutes(5);
  std::vector<SigningKeyRow> rows;
  struct Issued {
    std::string header;
    base::Time expires_at;
  };
  std::vector<Issued> issued;
  std::map<std::string, base::Time> first_published;
  std::set<std::string> signers;
  Keyring keyring(kMaster, policy);
  for (base::Time now = kStart; now < kStart + days(365); now += minutes(5)) {
    const RotationPlan plan = PlanRotation(rows, now, policy);
    if (!plan.empty()) {
      Apply(plan, now, rows);
      ASSERT_TRUE(PlanRotation(rows, now, policy).empty()) << "a plan leaves nothing to do";
      ASSERT_TRUE(keyring.Load(rows).ok());
      for (const SigningKeyRow& row : rows) first_published.emplace(row.key_id, now);
    }
    const auto key = keyring.Current(kTenant, now);
    ASSERT_NE(key, nullptr);
    if (signers.insert(key->key_id()).second && signers.size() > 1) {
      ASSERT_GE(now - first_published.at(key->key_id()), policy.publish_lead);
    }
    for (const Issued& token : issued) {
      ASSERT_NE(keyring.FindByHeader(token.header, now), nullptr);
    }
    std::erase_if(issued, [now](const Issued& token) { return token.expires_at <= now; });
    issued.push_back({key->token_header(), now + token_lifetime});
    ASSERT_LE(rows.size(), 2u);
  }
  EXPECT_EQ(signers.size(), 13u);
}

class KeyringTest : public ::testing::Test {
 protected:
  std::string CurrentId(base::Time now) const {
    const auto key = keyring_.Current(kTenant, now);
    return key ? key->key_id() : "none";
  }
  std::set<std::string> Published(base::Time now) const {
    std::set<std::string> ids;
    const auto jwks = nlohmann::json::parse(keyring_.JwksJson(kTenant, now));
    for (const auto& key : jwks.at("keys")) {
      ids.insert(key["kid"].get<std::string>());
    }
    return ids;
  }

  Keyring keyring_{kMaster, {}};
};

TEST_F(KeyringTest, SignsWithTheYoungestKeyWhoseTimeHasCome) {
  const std::vector rows = {MakeRow(kStart + hours(1)), MakeRow(kStart, kStart + hours(1))};
  ASSERT_TRUE(keyring_.Load(rows).ok());
  EXPECT_EQ(CurrentId(kStart), rows[1].key_id);
  EXPECT_EQ(CurrentId(kStart + hours(1) - seconds(1)), rows[1].key_id);
  EXPECT_EQ(CurrentId(kStart + hours(1)), rows[0].key_id);
}

TEST_F(KeyringTest, AKeyFromAClockAheadSignsIfThereIsNoOther) {
  const std::vector rows = {MakeRow(kStart + seconds(2))};
  ASSERT_TRUE(keyring_.Load(rows).ok());
  EXPECT_EQ(CurrentId(kStart), rows[0].key_id);
}

TEST_F(KeyringTest, ARetiredKeyDoesNotSign) {
  ASSERT_TRUE(keyring_.Load(std::vector{MakeRow(kStart, kStart + hours(1))}).ok());
  EXPECT_EQ(CurrentId(kStart + hours(1)), "none");
}

TEST_F(KeyringTest, PublishesFutureKeysAndKeepsRetiredOnesUntilTheirTokensAreDead) {
  const std::vector rows = {MakeRow(kStart, kStart + hours(1)), MakeRow(kStart + hours(1))};
  ASSERT_TRUE(keyring_.Load(rows).ok());
  const std::set<std::string> both = {rows[0].key_id, rows[1].key_id};
  const auto header = keyring_.Current(kTenant, kStart)->token_header();
  EXPECT_EQ(Published(kStart), both);
  EXPECT_EQ(Published(kStart + hours(1) + minutes(9)), both);
  EXPECT_NE(keyring_.FindByHeader(header, kStart + hours(1) + minutes(9)), nullptr);
  EXPECT_EQ(Published(kStart + hours(1) + minutes(10)), std::set{rows[1].key_id});
  EXPECT_EQ(keyring_.FindByHeader(header, kStart + hours(1) + minutes(10)), nullptr);
}

TEST_F(KeyringTest, TenantsDoNotShareKeys) {
  ASSERT_TRUE(keyring_.Load(std::vector{MakeRow(kStart)}).ok());
  const base::Uuid other = base::Uuid::MakeV7(kStart);
  EXPECT_EQ(keyring_.Current(other, kStart), nullptr);
  EXPECT_EQ(keyring_.JwksJson(other, kStart), R"({"keys":[]})");
}

TEST_F(KeyringTest, ABadRowLeavesTheFormerKeys) {
  const std::vector good = {MakeRow(kStart)};
  ASSERT_TRUE(keyring_.Load(good).ok());
  std::vector bad = {MakeRow(kStart)};
  bad[0].private_key.back() ^= 1;
  EXPECT_FALSE(keyring_.Load(bad).ok());
  EXPECT_EQ(CurrentId(kStart), good[0].key_id);
  EXPECT_FALSE(keyring_.Load(std::vector{good[0], good[0]}).ok());
}

}  // namespace
}  // namespace gatehouse::auth
