#include "storage/sealing_keys.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::storage {
namespace {

const std::string kOld(32, 'o');
const std::string kNew(32, 'n');
constexpr char kContext[] = "table row";

TEST(SealingKeysTest, OpensUnderEitherAndSealsUnderTheFirst) {
  const std::string sealed = SealingKeys(kOld).Seal(kContext, "secret");
  const SealingKeys both(kNew, kOld);
  EXPECT_EQ(both.Open(kContext, sealed), "secret");
  EXPECT_EQ(both.Open("another row", sealed), std::nullopt);
  EXPECT_EQ(SealingKeys(kNew).Open(kContext, sealed), std::nullopt);
  EXPECT_EQ(SealingKeys(kNew).Open(kContext, both.Seal(kContext, "secret")), "secret");
  // Before the change, of servers that have it behind them.
  EXPECT_EQ(SealingKeys(kOld, kNew).Open(kContext, both.Seal(kContext, "secret")), "secret");
}

TEST(SealingKeysTest, ResealsWhatIsUnderTheSecondAlone) {
  const std::string sealed = SealingKeys(kOld).Seal(kContext, "secret");
  const SealingKeys both(kNew, kOld);
  const auto resealed = both.Reseal(kContext, sealed);
  ASSERT_TRUE(resealed.ok() && resealed->has_value());
  EXPECT_EQ(SealingKeys(kNew).Open(kContext, **resealed), "secret");
  const auto again = both.Reseal(kContext, **resealed);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, std::nullopt);
  EXPECT_FALSE(SealingKeys(kNew).Reseal(kContext, sealed).ok());
  EXPECT_FALSE(both.Reseal("another row", sealed).ok());
}

TEST(SealingKeysTest, KeysForOneUseFollowBoth) {
  const std::string sealed = SealingKeys(kOld).Derive("use").Seal(kContext, "secret");
  const SealingKeys both(kNew, kOld);
  EXPECT_EQ(both.Derive("use").Open(kContext, sealed), "secret");
  EXPECT_EQ(both.Derive("another use").Open(kContext, sealed), std::nullopt);
  EXPECT_EQ(both.Open(kContext, sealed), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::storage
